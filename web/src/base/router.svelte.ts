// The address bar: paths without hashes, history that works, and where each project's pages live.

export type Tab = 'label' | 'overview' | 'examples' | 'models' | 'settings';
export const tabs: Tab[] = ['label', 'overview', 'examples', 'models', 'settings'];

export type Route =
  | { page: 'projects' }
  | { page: 'new'; project: string | null }
  | { page: 'project'; project: string; tab: Tab }
  | { page: 'missing' };

export function parse(path: string, search: string): Route {
  const parts = path.split('/').filter(Boolean).map(decode);
  if (parts.length === 0) return { page: 'projects' };
  if (parts.length === 1 && parts[0] === 'new') {
    return { page: 'new', project: new URLSearchParams(search).get('project') };
  }
  if (parts[0] === 'projects' && parts[1] && parts.length <= 3) {
    const tab = (parts[2] ?? 'overview') as Tab;
    if (tabs.includes(tab)) return { page: 'project', project: parts[1], tab };
  }
  return { page: 'missing' };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function pathTo(project: string, tab: Tab): string {
  return `/projects/${encodeURIComponent(project)}/${tab}`;
}

class Router {
  route = $state<Route>({ page: 'projects' });
  search = $state('');
  // Counts navigations, so that the frame can move focus after each but not at the first paint.
  moves = $state(0);

  start(): () => void {
    this.read();
    const onPop = () => {
      this.read();
      this.moves += 1;
    };
    addEventListener('popstate', onPop);
    document.addEventListener('click', this.onClick);
    return () => {
      removeEventListener('popstate', onPop);
      document.removeEventListener('click', this.onClick);
    };
  }

  go(path: string): void {
    history.pushState(null, '', path);
    this.read();
    this.moves += 1;
    scrollTo(0, 0);
  }

  /** Changes the query without a new entry in the history: filters, chosen rows. */
  query(values: Record<string, string | null>): void {
    const params = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(values)) {
      if (value) params.set(key, value);
      else params.delete(key);
    }
    const text = params.toString();
    history.replaceState(null, '', location.pathname + (text ? `?${text}` : ''));
    this.search = location.search;
  }

  private read(): void {
    this.route = parse(location.pathname, location.search);
    this.search = location.search;
  }

  private onClick = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey)
      return;
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin)
      return;
    if (link.getAttribute('href')?.startsWith('#') || link.pathname.startsWith('/api/')) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  };
}

export const router = new Router();
