-- The tables a new data folder starts with. Times are milliseconds since 1970, flags 0 or 1; classes, columns,
-- settings, params, data, metrics and the like are canonical JSON.

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE projects (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  task TEXT NOT NULL,
  classes TEXT NOT NULL,
  settings TEXT NOT NULL,
  payload TEXT,
  columns TEXT NOT NULL DEFAULT '[]',
  dimensions INTEGER NOT NULL DEFAULT 0,
  finalised INTEGER NOT NULL DEFAULT 0,
  -- Kept by the statements that change examples, so that counting a million rows costs nothing.
  examples INTEGER NOT NULL DEFAULT 0,
  leased INTEGER NOT NULL DEFAULT 0,
  labeled INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  audit INTEGER NOT NULL DEFAULT 0,
  last_model INTEGER NOT NULL DEFAULT 0,
  last_featurizer INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE examples (
  id INTEGER PRIMARY KEY,
  project_id INTEGER NOT NULL REFERENCES projects,
  row INTEGER NOT NULL,
  external_id TEXT,
  content_hash BLOB NOT NULL,
  known_label TEXT,
  group_name TEXT,
  time TEXT,
  split TEXT,
  meta TEXT,
  state TEXT NOT NULL DEFAULT 'unlabeled' CHECK (state IN ('unlabeled', 'leased', 'labeled', 'skipped')),
  label TEXT,
  audit INTEGER NOT NULL DEFAULT 0,
  payload TEXT NOT NULL  -- Last, so that reading the others never walks through a long one.
) STRICT;
CREATE UNIQUE INDEX examples_by_row ON examples (project_id, row);
CREATE UNIQUE INDEX examples_by_external_id ON examples (project_id, external_id)
  WHERE external_id IS NOT NULL;
-- 128 bits tell any two contents apart, and a smaller index is a faster import.
CREATE UNIQUE INDEX examples_by_content ON examples (project_id, substr(content_hash, 1, 16))
  WHERE external_id IS NULL;
CREATE INDEX examples_by_state ON examples (project_id, state, row) WHERE state <> 'unlabeled';
CREATE INDEX examples_by_label ON examples (project_id, label, row) WHERE label IS NOT NULL;

CREATE TABLE cycles (
  id INTEGER PRIMARY KEY,
  project_id INTEGER NOT NULL REFERENCES projects,
  state TEXT NOT NULL
    CHECK (state IN ('training', 'scoring', 'selecting', 'awaiting_labels', 'finished')),
  model_version INTEGER,
  selection_id INTEGER,
  data TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE INDEX cycles_by_project ON cycles (project_id, id);

CREATE TABLE selections (
  id INTEGER PRIMARY KEY,
  project_id INTEGER NOT NULL REFERENCES projects,
  cycle_id INTEGER REFERENCES cycles,
  strategy TEXT NOT NULL,
  params TEXT NOT NULL,
  seed INTEGER NOT NULL,
  model_version INTEGER,
  pool_size INTEGER NOT NULL,
  through_event INTEGER NOT NULL,
  items INTEGER NOT NULL,
  remaining INTEGER NOT NULL,
  data TEXT NOT NULL DEFAULT '{}',
  sequence INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  closed_at INTEGER
) STRICT;
CREATE INDEX selections_by_project ON selections (project_id, id);
CREATE INDEX selections_open ON selections (project_id, remaining) WHERE remaining > 0;

CREATE TABLE selection_items (
  selection_id INTEGER NOT NULL REFERENCES selections,
  position INTEGER NOT NULL,
  project_id INTEGER NOT NULL,
  example_id INTEGER NOT NULL REFERENCES examples,
  utility REAL,
  propensity REAL,
  audit INTEGER NOT NULL,
  prediction TEXT,
  confidence REAL,
  done INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (selection_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX selection_items_by_example ON selection_items (example_id, selection_id);
CREATE INDEX selection_items_open ON selection_items (project_id, selection_id, position)
  WHERE done = 0;

CREATE TABLE leases (
  id INTEGER PRIMARY KEY,
  project_id INTEGER NOT NULL REFERENCES projects,
  example_id INTEGER NOT NULL REFERENCES examples,
  annotator TEXT NOT NULL,
  selection_id INTEGER,
  position INTEGER,
  suggestion TEXT,
  suggestion_confidence REAL,
  suggestion_shown INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'expired', 'given_back')),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX leases_open ON leases (example_id, annotator) WHERE state = 'open';
CREATE INDEX leases_open_by_annotator ON leases (project_id, annotator, id) WHERE state = 'open';
CREATE INDEX leases_open_by_expiry ON leases (project_id, expires_at) WHERE state = 'open';

-- Appended, never edited: a correction or an undo is a row of its own.
CREATE TABLE annotations (
  id INTEGER PRIMARY KEY,
  project_id INTEGER NOT NULL REFERENCES projects,
  example_id INTEGER NOT NULL REFERENCES examples,
  annotator TEXT NOT NULL,
  value TEXT,
  skip_reason TEXT,
  undoes INTEGER REFERENCES annotations,
  lease_id INTEGER REFERENCES leases,
  selection_id INTEGER,
  seconds REAL,
  suggestion TEXT,
  suggestion_confidence REAL,
  suggestion_shown INTEGER NOT NULL DEFAULT 0,
  comment TEXT,
  flag INTEGER NOT NULL DEFAULT 0,
  request_hash TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX annotations_by_project ON annotations (project_id, id);
CREATE UNIQUE INDEX annotations_by_event ON annotations (sequence);
CREATE INDEX annotations_by_example ON annotations (example_id, id);
CREATE INDEX annotations_by_annotator ON annotations (project_id, annotator, id);
CREATE UNIQUE INDEX annotations_by_undone ON annotations (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX annotations_by_lease ON annotations (lease_id) WHERE lease_id IS NOT NULL;

-- What each example's label became, and with which event: labels as of event N are the last rows up to N.
CREATE TABLE label_changes (
  id INTEGER PRIMARY KEY,
  project_id INTEGER NOT NULL REFERENCES projects,
  example_id INTEGER NOT NULL REFERENCES examples,
  label TEXT,
  audit INTEGER NOT NULL,
  sequence INTEGER NOT NULL
) STRICT;
CREATE INDEX label_changes_by_project ON label_changes (project_id, sequence);
CREATE INDEX label_changes_by_example ON label_changes (example_id, sequence);

CREATE TABLE featurizers (
  id INTEGER PRIMARY KEY,
  project_id INTEGER NOT NULL REFERENCES projects,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  params TEXT NOT NULL,
  features INTEGER NOT NULL,
  geometry_features INTEGER NOT NULL,
  is_sparse INTEGER NOT NULL,
  fitted_rows INTEGER NOT NULL,
  description TEXT NOT NULL,
  file TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (project_id, version)
) STRICT;

CREATE TABLE models (
  id INTEGER PRIMARY KEY,
  project_id INTEGER NOT NULL REFERENCES projects,
  version INTEGER NOT NULL,
  learner TEXT NOT NULL,
  params TEXT NOT NULL,
  seed INTEGER NOT NULL,
  classes TEXT NOT NULL,
  featurizer TEXT NOT NULL,
  featurizer_version INTEGER NOT NULL,
  labels INTEGER NOT NULL,
  label_hash TEXT NOT NULL,
  through_event INTEGER NOT NULL,
  with_audit INTEGER NOT NULL,
  metrics TEXT NOT NULL,
  gate TEXT NOT NULL,
  data TEXT NOT NULL,
  seconds REAL NOT NULL,
  build TEXT NOT NULL,
  file TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (project_id, version)
) STRICT;

CREATE TABLE model_aliases (
  project_id INTEGER NOT NULL REFERENCES projects,
  alias TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (project_id, alias)
) STRICT, WITHOUT ROWID;

CREATE TABLE alias_history (
  id INTEGER PRIMARY KEY,
  project_id INTEGER NOT NULL REFERENCES projects,
  alias TEXT NOT NULL,
  version INTEGER NOT NULL,
  previous INTEGER,
  action TEXT NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX alias_history_by_project ON alias_history (project_id, alias, id);

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY,
  project_id INTEGER REFERENCES projects,
  kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  params TEXT NOT NULL,
  unique_key TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL,
  run_at INTEGER NOT NULL,
  claimed_by TEXT,
  lease_until INTEGER,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  done REAL,
  total REAL,
  unit TEXT,
  result TEXT NOT NULL DEFAULT 'null',
  error TEXT,
  actor TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER
) STRICT;
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';
CREATE UNIQUE INDEX jobs_pending_once ON jobs (kind, unique_key)
  WHERE state = 'queued' AND unique_key IS NOT NULL;
CREATE UNIQUE INDEX jobs_running_once ON jobs (kind, unique_key)
  WHERE state = 'running' AND unique_key IS NOT NULL;
CREATE INDEX jobs_by_project ON jobs (project_id, id);

CREATE TABLE events (
  sequence INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  project_id INTEGER,
  project TEXT,
  actor TEXT NOT NULL,
  data TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_project ON events (project_id, sequence);

CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('annotator', 'reviewer', 'engineer', 'officer', 'admin')),
  password_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  token_hash TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users,
  csrf_token TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE tokens (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('annotator', 'reviewer', 'engineer', 'officer', 'admin')),
  token_hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;

CREATE TABLE idempotency_keys (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE imports (
  id INTEGER PRIMARY KEY,
  project_id INTEGER NOT NULL REFERENCES projects,
  source TEXT NOT NULL,
  size INTEGER NOT NULL,
  mtime INTEGER NOT NULL,
  head_hash TEXT NOT NULL,
  rows_done INTEGER NOT NULL DEFAULT 0,
  accepted INTEGER NOT NULL DEFAULT 0,
  duplicates INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0,
  finished_at INTEGER,
  created_at INTEGER NOT NULL,
  UNIQUE (project_id, source, size, mtime, head_hash)
) STRICT;
