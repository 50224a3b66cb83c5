-- Whether the import's labels become classes, decided when it begins: an interrupted one goes on by the same rule.
ALTER TABLE imports ADD COLUMN add_classes INTEGER NOT NULL DEFAULT 0;
