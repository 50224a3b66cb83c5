-- Whether the item asks for one more answer to an example that has a label already.
ALTER TABLE selection_items ADD COLUMN relabel INTEGER NOT NULL DEFAULT 0;
