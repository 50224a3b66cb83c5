// The page's one outbox, joined to the routes it sends to.
import { annotate, undo } from './labelling';
import { Outbox } from './outbox';

export const outbox = new Outbox({ annotate, undo });
