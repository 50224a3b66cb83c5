// Listens to the keyboard once for the whole page and hands commands to whoever has the floor.
import { kept, keep } from './kept';
import { command, type Command, type Situation } from './keymap';

export interface Listener {
  situation: () => Partial<Situation>;
  handle: (command: Command) => boolean; // True when the key was used and the browser should not.
}

const OFF = 'querist-keys-off';
const isTrue = (value: unknown): value is boolean => value === true;
const isKeys = (value: unknown): value is Record<string, number> =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((n) => Number.isInteger(n));

class Keys {
  enabled = $state(true);
  private listeners: Listener[] = [];

  start(): () => void {
    this.enabled = !kept(localStorage, OFF, isTrue);
    document.addEventListener('keydown', this.onKey);
    return () => document.removeEventListener('keydown', this.onKey);
  }

  /** The latest listener is asked first; what it does not use goes to the one before. */
  listen(listener: Listener): () => void {
    this.listeners.push(listener);
    return () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    };
  }

  switch(on: boolean): void {
    this.enabled = on;
    keep(localStorage, OFF, on ? null : true);
  }

  classKeys(project: string): Record<string, number> {
    return kept(localStorage, `querist-class-keys:${project}`, isKeys) ?? {};
  }

  setClassKeys(project: string, keys: Record<string, number>): void {
    keep(localStorage, `querist-class-keys:${project}`, keys);
  }

  private onKey = (event: KeyboardEvent) => {
    const target = event.target as Element | null;
    const typing = Boolean(
      target?.closest?.('input:not([type=checkbox],[type=radio],[type=range]),textarea,select'),
    );
    const dialog = document.querySelector('dialog[open]') !== null;
    for (const listener of [...this.listeners].reverse()) {
      const found = command(
        {
          key: event.key,
          code: event.code,
          shift: event.shiftKey,
          ctrl: event.ctrlKey,
          alt: event.altKey,
          meta: event.metaKey,
          repeat: event.repeat,
        },
        {
          enabled: this.enabled,
          typing,
          dialog,
          labelling: false,
          skipping: false,
          classes: 0,
          classKeys: {},
          ...listener.situation(),
        },
      );
      if (found && listener.handle(found)) {
        event.preventDefault();
        return;
      }
    }
  };
}

export const keys = new Keys();
