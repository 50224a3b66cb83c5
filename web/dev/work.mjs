// The development server's work: leases, answers, undo.
import { conflict, invalid, missing } from './rows.mjs';
import { reasons, stamp, Store } from './store.mjs';

export class Work extends Store {
  lease(name, count, annotator) {
    const project = this.project(name);
    const settings = this.settings(project);
    // An answered item never comes again; a batch is drawn when the last one is used up.
    project.queue = project.queue.filter((id) =>
      ['unlabeled', 'leased'].includes(this.stateOf(project, project.examples.get(id))),
    );
    if (!project.queue.length) {
      project.queue = [...project.examples.values()]
        .filter((one) => this.stateOf(project, one) === 'unlabeled')
        .slice(0, settings.batch_size)
        .map((one) => one.id);
      project.queue.forEach((id, i) => (project.examples.get(id).audit = i % 3 === 0));
    }
    // What the same person holds already comes first, as a page that was reloaded needs it.
    const mine = project.queue.filter((id) => this.leaseOf(project, id)?.annotator === annotator);
    const free = project.queue.filter((id) => !this.leaseOf(project, id));
    const items = [...mine, ...free]
      .slice(0, count)
      .map((id) => this.hold(project, id, annotator, settings));
    const reason = items.length
      ? null
      : project.queue.length
        ? 'Every example of this batch is held by someone.'
        : 'Every example is labelled.';
    if (items.length) this.event('leased', name);
    return { items, reason, remaining: project.queue.length };
  }

  hold(project, id, annotator, settings) {
    const lease = this.leaseOf(project, id)?.id ?? this.id();
    const expires = Date.now() + settings.lease_seconds * 1000;
    project.leases.set(lease, { example: id, annotator, expires });
    const example = project.examples.get(id);
    const shown = settings.suggestions === 'shown' && !example.audit;
    return {
      lease_id: lease,
      example: { ...this.example(project, example), prediction: null },
      selection_id: project.cycle?.selection?.id ?? null,
      expires_at: stamp(expires),
      suggestion: shown ? this.guess(project, example) : null,
      suggestion_shown: shown && project.models.length > 0,
      audit: null,
    };
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
    if (body.lease_id !== undefined && project.leases.get(body.lease_id)?.example !== example.id)
      throw conflict('This lease has ended.');
    if (example.label !== null) throw conflict('This example is labelled already.');
    if (
      body.skip_reason ? !reasons.includes(body.skip_reason) : !project.classes.includes(body.value)
    )
      throw invalid('That is no class of the project.');
    const held = body.lease_id ?? this.leaseOf(project, example.id)?.id;
    if (held !== undefined) project.leases.delete(held);
    if (body.skip_reason) example.skipped = true;
    else example.label = body.value;
    const annotation = {
      id: this.id(),
      example_id: example.id,
      value: body.value ?? null,
      skip_reason: body.skip_reason ?? null,
      annotator,
      created_at: stamp(),
      seconds: body.seconds ?? null,
      suggestion_shown: body.suggestion_shown ?? false,
      comment: body.comment ?? null,
      flag: body.flag ?? false,
      undone: false,
      why: {
        strategy: example.audit ? 'random' : this.settings(project).strategy,
        utility: example.audit ? null : 0.5,
        audit: example.audit,
      },
    };
    project.annotations.push(annotation);
    this.event('annotated', name);
    if (
      !project.queue.some((id) =>
        ['unlabeled', 'leased'].includes(this.stateOf(project, project.examples.get(id))),
      )
    )
      this.turn(name);
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
}
