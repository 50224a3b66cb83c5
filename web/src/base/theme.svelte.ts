// Light or dark: the system's choice until the person makes one, which is kept on the device.

export type Theme = 'light' | 'dark';
const KEY = 'querist-theme';

class ThemeChoice {
  current = $state<Theme>('light');

  start(): () => void {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => this.apply(stored() ?? (dark.matches ? 'dark' : 'light'));
    follow();
    dark.addEventListener('change', follow);
    return () => dark.removeEventListener('change', follow);
  }

  toggle(): void {
    const next = this.current === 'dark' ? 'light' : 'dark';
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // A browser that keeps nothing still switches for this visit.
    }
    this.apply(next);
  }

  private apply(theme: Theme): void {
    this.current = theme;
    document.documentElement.dataset.theme = theme;
  }
}

function stored(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : null;
  } catch {
    return null;
  }
}

export const theme = new ThemeChoice();
