// The development server's memory: projects, leases, answers and a loop that pretends to train.
import { randomFrom } from './data.mjs';
import { costOf, gateOf, metricsOf } from './numbers.mjs';
import { checkSettings, conflict, invalid, missing, settingRows } from './rows.mjs';

const DAY = 86_400_000;
const stamp = (ms = Date.now()) => new Date(ms).toISOString();
export const reasons = ['unclear', 'not_in_classes', 'broken', 'sensitive', 'other'];

export class Store {
  projects = new Map();
  jobs = [];
  sequence = 0;
  next = 1;
  tell = () => {};

  id = () => this.next++;

  event(kind, project) {
    this.sequence += 1;
    this.tell({ sequence: this.sequence, kind, project });
  }

  project(name) {
    const project = this.projects.get(name);
    if (!project) throw missing(`There is no project ${name}.`);
    return project;
  }

  create({ name, task = 'classification', classes = [], settings = {} }) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name ?? '')) throw invalid('The name of a project is letters, digits, dots, dashes and underscores.');
    if (this.projects.has(name)) throw conflict(`There is a project ${name} already.`);
    checkSettings(settings);
    this.projects.set(name, {
      name, task, classes: [...classes], given: { ...settings }, created_at: stamp(), payload: null, columns: [], examples: new Map(),
      contents: new Set(), externals: new Set(), leases: new Map(), annotations: [], models: [], history: [], cycle: null, queue: [],
    });
    this.event('project_created', name);
    return this.shown(this.project(name));
  }

  patch(name, { settings = {}, classes }) {
    const project = this.project(name);
    checkSettings(settings);
    if (classes && !project.classes.every((one, i) => classes[i] === one)) throw invalid('Classes may only be added.');
    if (classes) project.classes = [...classes];
    Object.assign(project.given, settings);
    this.event('project_changed', name);
    return this.shown(project);
  }

  settings(project) {
    return Object.fromEntries(settingRows.map((row) => [row.name, project.given[row.name] ?? row.fallback]));
  }

  counts(project) {
    const states = { unlabeled: 0, leased: 0, labeled: 0, skipped: 0 };
    for (const one of project.examples.values()) states[this.stateOf(project, one)] += 1;
    const audit = [...project.examples.values()].filter((one) => one.label !== null && one.audit).length;
    return { examples: project.examples.size, ...states, audit };
  }

  stateOf(project, example) {
    if (example.label !== null) return 'labeled';
    if (example.skipped) return 'skipped';
    return this.leaseOf(project, example.id) ? 'leased' : 'unlabeled';
  }

  leaseOf(project, example) {
    for (const [id, lease] of project.leases) {
      if (lease.expires < Date.now()) project.leases.delete(id);
      else if (lease.example === example) return { id, ...lease };
    }
    return null;
  }

  shown(project) {
    const settings = this.settings(project);
    return {
      name: project.name, task: project.task, classes: project.classes, settings, payload: project.payload, columns: project.columns,
      changed_settings: settingRows.filter((row) => settings[row.name] !== row.fallback).map((row) => row.name),
      counts: this.counts(project), created_at: project.created_at,
    };
  }

  add(name, rows) {
    const project = this.project(name);
    const result = { accepted: 0, duplicates: 0, rejected: [], rejected_count: 0 };
    rows.forEach((row, i) => {
      const problem = this.problemOf(project, row);
      const content = JSON.stringify(row.text ?? row.columns ?? row.image_url ?? String(row.image?.toString('base64')));
      if (problem) result.rejected.push({ row: i + 1, reason: problem });
      else if (project.contents.has(content) || (row.external_id && project.externals.has(row.external_id))) result.duplicates += 1;
      else {
        project.contents.add(content);
        if (row.external_id) project.externals.add(row.external_id);
        this.place(project, row);
        result.accepted += 1;
      }
    });
    result.rejected_count = result.rejected.length;
    this.event('examples_added', name);
    return result;
  }

  problemOf(project, row) {
    const kind = row.text !== undefined ? 'text' : row.columns ? 'columns' : row.image || row.image_url ? 'image' : null;
    if (!kind) return 'it holds neither text, columns nor an image';
    if (kind === 'text' && !row.text.trim()) return 'its text is empty';
    if (project.payload && project.payload !== kind) return `it holds ${kind}, but this project's examples hold ${project.payload}`;
    if (row.label !== undefined && !project.classes.includes(row.label)) return `its label ${row.label} is not a class of the project`;
    project.payload = kind;
    return null;
  }

  place(project, row) {
    const image = row.image ?? (row.image_url?.startsWith('data:') ? Buffer.from(row.image_url.split(',')[1], 'base64') : undefined);
    const id = this.id();
    project.examples.set(id, { id, external_id: row.external_id ?? null, text: row.text, columns: row.columns, image, label: row.label ?? null,
      truth: row.truth, group: row.group ?? null, time: row.time ?? null, split: row.split ?? null, meta: row.meta ?? null, skipped: false, audit: false });
    if (row.columns && !project.columns.length) {
      project.columns = Object.entries(row.columns).map(([name, value]) => ({ name, type: Number.isFinite(Number(value)) ? 'number' : 'category' }));
    }
  }

  guess(project, example) {
    if (!project.models.length) return null;
    const random = randomFrom(example.id * 31 + project.models.length);
    const right = random() < 0.85 && example.truth;
    return { label: right ? example.truth : project.classes[Math.floor(random() * project.classes.length)], confidence: 0.4 + random() * 0.58 };
  }

  example(project, one) {
    const out = { id: one.id, external_id: one.external_id, state: this.stateOf(project, one), label: one.label, group: one.group, time: one.time,
      split: one.split, meta: one.meta, prediction: this.guess(project, one), audit: one.label === null ? null : one.audit };
    if (one.text !== undefined) out.text = one.text;
    if (one.columns) out.columns = one.columns;
    if (one.image) out.image_url = `/api/v1/projects/${encodeURIComponent(project.name)}/examples/${one.id}/image`;
    return out;
  }

  lease(name, count, annotator) {
    const project = this.project(name);
    const settings = this.settings(project);
    // An answered item never comes again; a batch is drawn when the last one is used up.
    project.queue = project.queue.filter((id) => ['unlabeled', 'leased'].includes(this.stateOf(project, project.examples.get(id))));
    if (!project.queue.length) {
      project.queue = [...project.examples.values()].filter((one) => this.stateOf(project, one) === 'unlabeled').slice(0, settings.batch_size).map((one) => one.id);
      project.queue.forEach((id, i) => (project.examples.get(id).audit = i % 3 === 0));
    }
    const free = project.queue.filter((id) => !this.leaseOf(project, id)).slice(0, count);
    const items = free.map((id) => this.hold(project, id, annotator, settings));
    const reason = items.length ? null : project.queue.length ? 'Every example of this batch is held by someone.' : 'Every example is labelled.';
    if (items.length) this.event('leased', name);
    return { items, reason, remaining: project.queue.length };
  }

  hold(project, id, annotator, settings) {
    const lease = this.id();
    const expires = Date.now() + settings.lease_seconds * 1000;
    project.leases.set(lease, { example: id, annotator, expires });
    const example = project.examples.get(id);
    const shown = settings.suggestions === 'shown' && !example.audit;
    return { lease_id: lease, example: { ...this.example(project, example), prediction: null }, selection_id: project.cycle?.selection?.id ?? null,
      expires_at: stamp(expires), suggestion: shown ? this.guess(project, example) : null, suggestion_shown: shown && project.models.length > 0, audit: null };
  }

  beat(name, id) {
    const project = this.project(name);
    const lease = project.leases.get(id);
    if (!lease || lease.expires < Date.now()) throw missing('This lease has ended.');
    lease.expires = Date.now() + this.settings(project).lease_seconds * 1000;
    return { expires_at: stamp(lease.expires) };
  }

  annotate(name, body, annotator) {
    const project = this.project(name);
    const example = project.examples.get(body.example_id);
    if (!example) throw missing(`There is no example ${body.example_id}.`);
    if (body.lease_id !== undefined && project.leases.get(body.lease_id)?.example !== example.id) throw conflict('This lease has ended.');
    if (example.label !== null) throw conflict('This example is labelled already.');
    if (body.skip_reason ? !reasons.includes(body.skip_reason) : !project.classes.includes(body.value)) throw invalid('That is no class of the project.');
    const held = body.lease_id ?? this.leaseOf(project, example.id)?.id;
    if (held !== undefined) project.leases.delete(held);
    if (body.skip_reason) example.skipped = true;
    else example.label = body.value;
    const annotation = { id: this.id(), example_id: example.id, value: body.value ?? null, skip_reason: body.skip_reason ?? null, annotator, created_at: stamp(),
      seconds: body.seconds ?? null, suggestion_shown: body.suggestion_shown ?? false, comment: body.comment ?? null, flag: body.flag ?? false, undone: false,
      why: { strategy: example.audit ? 'random' : this.settings(project).strategy, utility: example.audit ? null : 0.5, audit: example.audit } };
    project.annotations.push(annotation);
    this.event('annotated', name);
    if (!project.queue.some((id) => ['unlabeled', 'leased'].includes(this.stateOf(project, project.examples.get(id))))) this.turn(name);
    return annotation;
  }

  undo(name, id, annotator) {
    const project = this.project(name);
    const annotation = project.annotations.find((one) => one.id === id);
    if (!annotation) throw missing('There is no such annotation.');
    if (annotation.undone) throw conflict('This annotation is taken back already.');
    annotation.undone = true;
    const example = project.examples.get(annotation.example_id);
    Object.assign(example, { label: null, skipped: false });
    if (!project.queue.includes(example.id)) project.queue.unshift(example.id);
    this.event('annotation_undone', name);
    return { annotation, lease: this.hold(project, example.id, annotator, this.settings(project)) };
  }

  turn(name, ago = 0) {
    const project = this.project(name);
    const job = { id: this.id(), kind: 'advance_cycle', project: name, state: 'running', progress: { done: 1, total: 2, unit: 'steps' }, error: null, created_at: stamp(), finished_at: null };
    this.jobs.unshift(job);
    project.cycle = { id: this.id(), state: 'training', model_version: null, selection: null, created_at: stamp(), finished_at: null };
    this.event('cycle_started', name);
    const finish = () => {
      Object.assign(job, { state: 'succeeded', finished_at: stamp(), progress: { done: 2, total: 2, unit: 'steps' } });
      this.train(project, ago);
    };
    if (ago) finish();
    else setTimeout(finish, 150);
    return job;
  }

  train(project, ago) {
    const counts = this.counts(project);
    const trained = counts.labeled - counts.audit;
    const settings = this.settings(project);
    if (new Set([...project.examples.values()].map((one) => one.label).filter(Boolean)).size >= 2) {
      const version = project.models.length + 1;
      const champion = project.models.find((one) => one.aliases.includes('champion'));
      const metrics = metricsOf(project, version, trained, counts.audit);
      const gate = gateOf(metrics, champion);
      const model = { version, learner: settings.learner, params: { l2: 1 }, featurizer: settings.featurizer || 'tfidf', featurizer_version: 1, labels: trained, label_hash: 'a41e77b09f2c41d7',
        through_event: this.sequence, metrics, aliases: [], created_at: stamp(Date.now() - ago), seconds: 0.4, build: 'development', gate };
      project.models.push(model);
      if (!champion || gate?.passed) this.alias(project, 'champion', model, 'automatic', gate?.sentence ?? 'First model.', 'querist', Date.now() - ago);
      project.cycle.model_version = version;
    }
    project.cycle.state = 'awaiting_labels';
    this.event('model_trained', project.name);
  }

  alias(project, alias, model, action, reason, actor, at = Date.now()) {
    const before = project.models.find((one) => one.aliases.includes(alias));
    if (before) before.aliases = before.aliases.filter((one) => one !== alias);
    model.aliases.push(alias);
    const entry = { alias, version: model.version, previous: before?.version ?? null, action, reason, actor, created_at: stamp(at) };
    project.history.push(entry);
    this.event('alias_moved', project.name);
    return entry;
  }

  promote(name, alias, { version, reason, force }, actor) {
    const project = this.project(name);
    const model = project.models.find((one) => one.version === version);
    if (!model) throw missing(`There is no version ${version}.`);
    if (model.gate && !model.gate.passed && !force) throw conflict(`The gate did not pass: ${model.gate.sentence} Use force to promote it all the same.`);
    return this.alias(project, alias, model, 'promote', reason ?? '', actor);
  }

  rollback(name, reason, actor) {
    const project = this.project(name);
    const last = project.history.filter((one) => one.alias === 'champion').at(-1);
    const model = project.models.find((one) => one.version === last?.previous);
    if (!model) throw conflict('There is no version to go back to.');
    return this.alias(project, 'champion', model, 'rollback', reason, actor);
  }

  progress(name) {
    const project = this.project(name);
    const counts = this.counts(project);
    const settings = this.settings(project);
    const newest = project.models.at(-1);
    const labels = [...project.examples.values()].map((one) => one.label);
    const metrics = newest?.metrics ?? null;
    const reached = metrics && settings.target > 0 && metrics.accuracy.value >= settings.target;
    return {
      project: name, classes: project.classes, counts, class_counts: project.classes.map((one) => ({ class: one, labels: labels.filter((l) => l === one).length })),
      curve: project.models.map((m) => ({ labels: m.labels, model_version: m.version, audit_labels: m.metrics?.audit_labels ?? 0, accuracy: m.metrics?.accuracy.value ?? null,
        ci_low: m.metrics?.accuracy.ci_low ?? null, ci_high: m.metrics?.accuracy.ci_high ?? null, balanced_accuracy: m.metrics?.balanced_accuracy.value ?? null, created_at: m.created_at })),
      metrics, metrics_reason: metrics ? null : newest ? `Needs ${Math.max(1, 5 - counts.audit)} more audit labels.` : 'Needs a first model: label examples of at least two classes.',
      stop: newest ? { advice: reached ? 'stop' : 'continue', sentence: reached ? 'The target is likely reached.' : 'Go on: the model still changes with each batch.',
        evidence: [{ name: 'target_reached', met: Boolean(reached), sentence: reached ? 'The estimate is above the target.' : settings.target ? 'The estimate is below the target.' : 'No target is set.' },
          { name: 'stabilizing_predictions', met: newest.labels > 150, sentence: 'The last models agree on 97 of 100 unlabelled examples (99 needed).' }] } : null,
      labels_saved: counts.audit >= 50 ? { value: 0.41, ci_low: 0.22, ci_high: 0.55 } : null, labels_saved_reason: counts.audit >= 50 ? null : 'needs at least 50 audit labels',
      cost: costOf(project.annotations.filter((one) => !one.undone), settings), cycle: project.cycle, model: newest ? { version: newest.version, alias: newest.aliases } : null,
    };
  }

  /** A past for a project, so that its pages have something to show. */
  live(name, labels, batches) {
    const project = this.project(name);
    const random = randomFrom(labels);
    const examples = [...project.examples.values()].slice(0, labels);
    examples.forEach((one, i) => {
      one.audit = i % 3 === 0;
      one.label = random() < 0.97 ? one.truth : project.classes[0];
      project.annotations.push({ id: this.id(), example_id: one.id, value: one.label, skip_reason: null, annotator: 'ana', created_at: stamp(Date.now() - (labels - i) * 60_000), seconds: Math.round(20 + random() * 50) / 10,
        suggestion_shown: false, comment: null, flag: false, undone: false, why: { strategy: one.audit ? 'random' : 'auto', utility: one.audit ? null : random(), audit: one.audit } });
      const done = Math.floor(((i + 1) * batches) / labels);
      if (done > Math.floor((i * batches) / labels)) this.turn(name, (batches - done) * 3 * DAY + 60_000);
    });
  }
}
