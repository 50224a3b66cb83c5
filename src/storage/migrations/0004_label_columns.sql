-- JSON list: the columns that known labels were read from, so that whoever has them answer can name one.
ALTER TABLE projects ADD COLUMN label_columns TEXT NOT NULL DEFAULT '[]';
