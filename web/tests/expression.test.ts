// A strategy with its parameters: taken apart, put together, and what a learner cannot feed.
import { describe, expect, test } from 'vitest';
import type { Card } from '../src/api/types';
import {
  families,
  lacking,
  parseExpression,
  writeExpression,
} from '../src/pages/settings/expression';

const card = (name: string, more: Partial<Card> = {}): Card => ({
  name,
  summary: '',
  params: [
    { name: 'gamma', type: 'number', fallback: 0, min: 0, max: 9, choices: [], help: '' },
    { name: 'filter', type: 'text', fallback: 'margin', min: null, max: null, choices: [], help: '' },
  ],
  ...more,
});

describe('a strategy expression', () => {
  test('is a name, or a name with values', () => {
    expect(parseExpression('margin')).toEqual({ name: 'margin', values: {} });
    expect(parseExpression(' compose( filter = top(a=1, b=2), gamma=3 ) ')).toEqual({
      name: 'compose',
      values: { filter: 'top(a=1, b=2)', gamma: '3' },
    });
  });
  test('leaves out what the card says anyway', () => {
    const write = (values: Record<string, string>) =>
      writeExpression({ name: 'compose', values }, card('compose'));
    expect(write({ gamma: '0', filter: 'margin' })).toBe('compose');
    expect(write({ gamma: '2', filter: 'entropy' })).toBe('compose(gamma=2, filter=entropy)');
  });
});

describe('what can be chosen', () => {
  test('a signal that the learner gives, or none', () => {
    const bald = card('bald', { needs: ['member_probabilities'] });
    expect(lacking(bald, card('forest', { gives: ['probabilities', 'member_probabilities'] }))).toEqual([]);
    expect(lacking(bald, card('one', { gives: ['probabilities'] }))).toEqual(['member_probabilities']);
    expect(lacking(card('quire', { needs: ['embeddings', 'labels'] }), undefined)).toEqual([]);
    expect(lacking(card('gsy', { task: 'regression' }), undefined)).toEqual(['regression']);
  });
  test('families keep the order of their first strategy', () => {
    const cards = [card('a', { family: 'hybrid' }), card('b', { family: 'rare_classes' }), card('c', { family: 'hybrid' })];
    expect(families(cards).map((one) => [one.family, one.cards.map((c) => c.name)])).toEqual([
      ['hybrid', ['a', 'c']],
      ['rare classes', ['b']],
    ]);
  });
});
