// The development server's memory: projects and their examples.
import { randomFrom } from './data.mjs';
import { checkSettings, conflict, invalid, missing, settingRows } from './rows.mjs';

export const stamp = (ms = Date.now()) => new Date(ms).toISOString();
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
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name ?? ''))
      throw invalid('The name of a project is letters, digits, dots, dashes and underscores.');
    if (this.projects.has(name)) throw conflict(`There is a project ${name} already.`);
    checkSettings(settings);
    this.projects.set(name, {
      name,
      task,
      classes: [...classes],
      given: { ...settings },
      created_at: stamp(),
      payload: null,
      columns: [],
      examples: new Map(),
      contents: new Set(),
      externals: new Set(),
      leases: new Map(),
      annotations: [],
      models: [],
      history: [],
      cycle: null,
      queue: [],
    });
    this.event('project_created', name);
    return this.shown(this.project(name));
  }

  patch(name, { settings = {}, classes }) {
    const project = this.project(name);
    checkSettings(settings);
    if (classes && !project.classes.every((one, i) => classes[i] === one))
      throw invalid('Classes may only be added.');
    if (classes) project.classes = [...classes];
    Object.assign(project.given, settings);
    this.event('project_changed', name);
    return this.shown(project);
  }

  settings(project) {
    return Object.fromEntries(
      settingRows.map((row) => [row.name, project.given[row.name] ?? row.fallback]),
    );
  }

  counts(project) {
    const states = { unlabeled: 0, leased: 0, labeled: 0, skipped: 0 };
    for (const one of project.examples.values()) states[this.stateOf(project, one)] += 1;
    const audit = [...project.examples.values()].filter(
      (one) => one.label !== null && one.audit,
    ).length;
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
      name: project.name,
      task: project.task,
      classes: project.classes,
      settings,
      payload: project.payload,
      columns: project.columns,
      changed_settings: settingRows
        .filter((row) => settings[row.name] !== row.fallback)
        .map((row) => row.name),
      counts: this.counts(project),
      created_at: project.created_at,
    };
  }

  add(name, rows) {
    const project = this.project(name);
    const result = { accepted: 0, duplicates: 0, rejected: [], rejected_count: 0 };
    rows.forEach((row, i) => {
      const problem = this.problemOf(project, row);
      const content = JSON.stringify(
        row.text ?? row.columns ?? row.image_url ?? String(row.image?.toString('base64')),
      );
      if (problem) result.rejected.push({ row: i + 1, reason: problem });
      else if (
        project.contents.has(content) ||
        (row.external_id && project.externals.has(row.external_id))
      )
        result.duplicates += 1;
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
    const kind =
      row.text !== undefined
        ? 'text'
        : row.columns
          ? 'columns'
          : row.image || row.image_url
            ? 'image'
            : null;
    if (!kind) return 'it holds neither text, columns nor an image';
    if (kind === 'text' && !row.text.trim()) return 'its text is empty';
    if (project.payload && project.payload !== kind)
      return `it holds ${kind}, but this project's examples hold ${project.payload}`;
    if (row.label !== undefined && !project.classes.includes(row.label))
      return `its label ${row.label} is not a class of the project`;
    project.payload = kind;
    return null;
  }

  place(project, row) {
    const image =
      row.image ??
      (row.image_url?.startsWith('data:')
        ? Buffer.from(row.image_url.split(',')[1], 'base64')
        : undefined);
    const id = this.id();
    project.examples.set(id, {
      id,
      external_id: row.external_id ?? null,
      text: row.text,
      columns: row.columns,
      image,
      label: row.label ?? null,
      truth: row.truth,
      group: row.group ?? null,
      time: row.time ?? null,
      split: row.split ?? null,
      meta: row.meta ?? null,
      skipped: false,
      audit: false,
    });
    if (row.columns && !project.columns.length) {
      project.columns = Object.entries(row.columns).map(([name, value]) => ({
        name,
        type: Number.isFinite(Number(value)) ? 'number' : 'category',
      }));
    }
  }

  guess(project, example) {
    if (!project.models.length) return null;
    const random = randomFrom(example.id * 31 + project.models.length);
    const right = random() < 0.85 && example.truth;
    return {
      label: right ? example.truth : project.classes[Math.floor(random() * project.classes.length)],
      confidence: 0.4 + random() * 0.58,
    };
  }

  example(project, one) {
    const out = {
      id: one.id,
      external_id: one.external_id,
      state: this.stateOf(project, one),
      label: one.label,
      group: one.group,
      time: one.time,
      split: one.split,
      meta: one.meta,
      prediction: this.guess(project, one),
      audit: one.label === null ? null : one.audit,
    };
    if (one.text !== undefined) out.text = one.text;
    if (one.columns) out.columns = one.columns;
    if (one.image)
      out.image_url = `/api/v1/projects/${encodeURIComponent(project.name)}/examples/${one.id}/image`;
    return out;
  }
}
