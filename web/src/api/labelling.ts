// Leases and answers: what the labelling page asks of the server while someone works.
import { newKey, projectPath, request } from './client';
import type { Annotation, Id, Lease, Leases, NewAnnotation } from './types';

export const takeLeases = (project: string, count: number) =>
  request<Leases>('POST', projectPath(project, '/leases'), {
    body: { count },
    key: newKey(),
    timeoutSeconds: 60,
  });

export const heartbeat = (project: string, lease: Id) =>
  request<{ expires_at?: string } | null>(
    'POST',
    projectPath(project, `/leases/${encodeURIComponent(lease)}/heartbeat`),
    { body: {} },
  );

export const giveBack = (project: string, lease: Id) =>
  request<unknown>('DELETE', projectPath(project, `/leases/${encodeURIComponent(lease)}`));

export const annotate = (project: string, annotation: NewAnnotation, key: string) =>
  request<Annotation>('POST', projectPath(project, '/annotations'), { body: annotation, key });

export interface Undone {
  annotation: Annotation;
  lease: Lease | null;
}

export const undo = (project: string, annotation: Id, key: string) =>
  request<Undone>(
    'POST',
    projectPath(project, `/annotations/${encodeURIComponent(annotation)}/undo`),
    {
      body: {},
      key,
    },
  );
