// Starts the page: theme first, so that nothing flashes, then the frame.
import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/ground.css';
import './styles/controls.css';
import './styles/frame.css';
import './styles/charts.css';
import './styles/deeper.css';
import './styles/pages.css';
import './styles/import.css';
import './styles/models.css';
import './styles/settings.css';
import './styles/label.css';
import './styles/label_side.css';
import './styles/surfaces.css';
import './styles/small.css';
import './styles/touch.css';
import App from './App.svelte';
import { theme } from './base/theme.svelte';

theme.start();
mount(App, { target: document.getElementById('page') as HTMLElement });
