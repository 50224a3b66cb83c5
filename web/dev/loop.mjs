// The development server's loop, which pretends to train: cycles, versions, aliases, progress.
import { randomFrom } from './data.mjs';
import { extras, semiSupervised } from './closer.mjs';
import { costOf, gateOf, labelsSaved, metricsOf } from './numbers.mjs';
import { conflict, missing } from './rows.mjs';
import { stamp } from './store.mjs';
import { Work } from './work.mjs';

const DAY = 86_400_000;

export class Loop extends Work {
  turn(name, ago = 0) {
    const project = this.project(name);
    const job = {
      id: this.id(),
      kind: 'advance_cycle',
      project: name,
      state: 'running',
      progress: { done: 1, total: 2, unit: 'steps' },
      error: null,
      created_at: stamp(),
      finished_at: null,
    };
    this.jobs.unshift(job);
    project.cycle = {
      id: this.id(),
      state: 'training',
      model_version: null,
      selection: null,
      created_at: stamp(),
      finished_at: null,
    };
    this.event('cycle_started', name);
    const finish = () => {
      Object.assign(job, {
        state: 'succeeded',
        finished_at: stamp(),
        progress: { done: 2, total: 2, unit: 'steps' },
      });
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
      const model = {
        version,
        learner: settings.learner,
        params: { l2: 1 },
        featurizer: settings.featurizer || 'tfidf',
        featurizer_version: 1,
        labels: trained,
        label_hash: 'a41e77b09f2c41d7',
        through_event: this.sequence,
        metrics,
        aliases: [],
        created_at: stamp(Date.now() - ago),
        seconds: 0.4,
        build: 'development',
        gate,
      };
      project.models.push(model);
      if (!champion || gate?.passed)
        this.alias(
          project,
          'champion',
          model,
          'automatic',
          gate?.sentence ?? 'First model.',
          'querist',
          Date.now() - ago,
        );
      project.cycle.model_version = version;
    }
    project.cycle.state = 'awaiting_labels';
    this.event('model_trained', project.name);
  }

  alias(project, alias, model, action, reason, actor, at = Date.now()) {
    const before = project.models.find((one) => one.aliases.includes(alias));
    if (before) before.aliases = before.aliases.filter((one) => one !== alias);
    model.aliases.push(alias);
    const entry = {
      alias,
      version: model.version,
      previous: before?.version ?? null,
      action,
      reason,
      actor,
      created_at: stamp(at),
    };
    project.history.push(entry);
    this.event('alias_moved', project.name);
    return entry;
  }

  promote(name, alias, { version, reason, force }, actor) {
    const project = this.project(name);
    const model = project.models.find((one) => one.version === version);
    if (!model) throw missing(`There is no version ${version}.`);
    if (model.gate && !model.gate.passed && !force)
      throw conflict(
        `The gate did not pass: ${model.gate.sentence} Use force to promote it all the same.`,
      );
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
      project: name,
      classes: project.classes,
      counts,
      class_counts: project.classes.map((one) => ({
        class: one,
        labels: labels.filter((l) => l === one).length,
      })),
      curve: project.models.map((m) => ({
        labels: m.labels,
        model_version: m.version,
        audit_labels: m.metrics?.audit_labels ?? 0,
        accuracy: m.metrics?.accuracy.value ?? null,
        ci_low: m.metrics?.accuracy.ci_low ?? null,
        ci_high: m.metrics?.accuracy.ci_high ?? null,
        balanced_accuracy: m.metrics?.balanced_accuracy.value ?? null,
        created_at: m.created_at,
      })),
      metrics,
      metrics_reason: metrics
        ? null
        : newest
          ? `Needs ${Math.max(1, 5 - counts.audit)} more audit labels.`
          : 'Needs a first model: label examples of at least two classes.',
      stop: newest
        ? {
            advice: reached ? 'stop' : 'continue',
            sentence: reached
              ? 'The target is likely reached.'
              : 'Go on: the model still changes with each batch.',
            evidence: [
              {
                name: 'target_reached',
                met: Boolean(reached),
                sentence: reached
                  ? 'The estimate is above the target.'
                  : settings.target
                    ? 'The estimate is below the target.'
                    : 'No target is set.',
              },
              {
                name: 'stabilizing_predictions',
                met: newest.labels > 150,
                sentence: 'The last models agree on 97 of 100 unlabelled examples (99 needed).',
              },
            ],
          }
        : null,
      labels_saved: counts.audit >= 50 ? labelsSaved(newest?.labels ?? 0) : null,
      labels_saved_reason: counts.audit >= 50 ? null : `${counts.audit} of 50 audit labels yet`,
      cost: costOf(
        project.annotations.filter((one) => !one.undone),
        settings,
      ),
      cycle: project.cycle,
      ...extras(project, settings, newest),
      model: newest
        ? {
            version: newest.version,
            alias: newest.aliases,
            semi_supervised: semiSupervised(settings, newest),
          }
        : null,
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
      project.annotations.push({
        id: this.id(),
        example_id: one.id,
        value: one.label,
        skip_reason: null,
        annotator: 'ana',
        created_at: stamp(Date.now() - (labels - i) * 60_000),
        seconds: Math.round(20 + random() * 50) / 10,
        suggestion_shown: false,
        comment: null,
        flag: false,
        undone: false,
        why: {
          strategy: one.audit ? 'random' : 'auto',
          utility: one.audit ? null : random(),
          audit: one.audit,
        },
      });
      const done = Math.floor(((i + 1) * batches) / labels);
      if (done > Math.floor((i * batches) / labels))
        this.turn(name, (batches - done) * 3 * DAY + 60_000);
    });
  }
}
