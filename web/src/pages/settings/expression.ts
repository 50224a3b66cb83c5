// A strategy with its parameters in one text, NAME(key=value, key=value), taken apart and put together.
import type { Card, SettingValue } from '../../api/types';

export interface Expression {
  name: string;
  values: Record<string, string>;
}

/** Commas inside parentheses belong to a value. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const letter of text) {
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    if (letter === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += letter;
  }
  return [...parts, part].map((one) => one.trim()).filter(Boolean);
}

export function parseExpression(value: SettingValue): Expression {
  const text = String(value).trim();
  const open = text.indexOf('(');
  if (open < 0 || !text.endsWith(')')) return { name: text, values: {} };
  const values: Record<string, string> = {};
  for (const part of partsOf(text.slice(open + 1, -1))) {
    const equals = part.indexOf('=');
    if (equals > 0) values[part.slice(0, equals).trim()] = part.slice(equals + 1).trim();
  }
  return { name: text.slice(0, open).trim(), values };
}

/** What the card's fallbacks already say is left out. */
export function writeExpression({ name, values }: Expression, card: Card | undefined): string {
  const fallbacks = Object.fromEntries(card?.params.map((p) => [p.name, String(p.fallback)]) ?? []);
  const given = Object.entries(values).filter(([key, one]) => one !== '' && one !== fallbacks[key]);
  if (!given.length) return name;
  return `${name}(${given.map(([key, one]) => `${key}=${one}`).join(', ')})`;
}

/** Signals that projects give to every strategy besides what their learner predicts. */
const AT_HAND = ['embeddings', 'labels'];

/** What the strategy needs and the learner does not give, or the task that is not this one. */
export function lacking(card: Card, learner: Card | undefined): string[] {
  if (card.task === 'regression' || card.task === 'multi_label') return [card.task];
  const given = [...AT_HAND, ...(learner?.gives ?? ['probabilities'])];
  return (card.needs ?? []).filter((signal) => !given.includes(signal));
}

export function families(cards: Card[]): { family: string; cards: Card[] }[] {
  const names = [...new Set(cards.map((card) => card.family ?? ''))];
  return names.map((family) => ({
    family: family.replace(/_/g, ' '),
    cards: cards.filter((card) => (card.family ?? '') === family),
  }));
}
