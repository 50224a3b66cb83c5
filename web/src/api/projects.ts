// Projects, their progress, settings, examples and models: one function a route.
import { get, newKey, projectPath, query, request } from './client';
import type {
  AliasChange,
  Annotation,
  Cycle,
  Example,
  Id,
  ImportResult,
  Job,
  List,
  ModelVersion,
  NewExample,
  Param,
  Plugins,
  Progress,
  Project,
  SettingValue,
} from './types';

/** Every page of a list, up to a bound that keeps a page of the browser usable. */
export async function all<T>(path: string, bound = 1000): Promise<T[]> {
  const items: T[] = [];
  let after: string | null = null;
  do {
    const joint = path.includes('?') ? '&' : '?';
    const page: List<T> = await get(
      after === null ? path : `${path}${joint}after=${encodeURIComponent(after)}`,
    );
    items.push(...page.items);
    after = page.next;
  } while (after !== null && items.length < bound);
  return items;
}

export const listProjects = () => all<Project>('/api/v1/projects');
export const getProject = (name: string) => get<Project>(projectPath(name));
export const getProgress = (name: string) => get<Progress>(projectPath(name, '/progress'));

export function createProject(
  name: string,
  classes: string[],
  settings: Record<string, SettingValue>,
) {
  return request<Project>('POST', '/api/v1/projects', {
    body: { name, task: 'classification', classes, settings },
    key: newKey(),
  });
}

export interface ProjectPatch {
  settings?: Record<string, SettingValue>;
  classes?: string[];
  reason?: string;
}

export const patchProject = (name: string, patch: ProjectPatch) =>
  request<Project>('PATCH', projectPath(name), { body: patch, key: newKey() });

export const projectSettings = async () =>
  (await get<{ items: Param[] }>('/api/v1/settings/project')).items;
export const plugins = () => get<Plugins>('/api/v1/plugins');

export interface ExampleFilter {
  state?: string | null;
  label?: string | null;
  q?: string | null;
  order?: string | null;
  limit?: number;
  after?: string | null;
}

export const listExamples = (name: string, filter: ExampleFilter) =>
  get<List<Example>>(projectPath(name, `/examples${query({ ...filter })}`));
export const getExample = (name: string, id: Id) =>
  get<Example>(projectPath(name, `/examples/${encodeURIComponent(id)}`));
export const annotationsOf = (name: string, example: Id) =>
  get<List<Annotation>>(projectPath(name, `/annotations${query({ example })}`));

/** Sends rows as JSON lines; the caller bounds their number, so that a slow line shows progress. */
export function addExamples(name: string, rows: NewExample[], key: string) {
  const body = rows.map((row) => JSON.stringify(row)).join('\n');
  return request<ImportResult>('POST', projectPath(name, '/examples'), {
    raw: { body, type: 'application/x-ndjson' },
    key,
    timeoutSeconds: 600,
  });
}

export const startCycle = (name: string) =>
  request<Job>('POST', projectPath(name, '/cycles'), { body: {}, key: newKey() });
export const getCycle = (name: string, cycle: Id) =>
  get<Cycle>(projectPath(name, `/cycles/${encodeURIComponent(cycle)}`));

export const listModels = (name: string) => all<ModelVersion>(projectPath(name, '/models'));
export const modelHistory = (name: string) =>
  all<AliasChange>(projectPath(name, '/models/history'));
export const promote = (
  name: string,
  alias: string,
  version: number,
  reason: string,
  force: boolean,
) =>
  request<unknown>('PUT', projectPath(name, `/models/aliases/${encodeURIComponent(alias)}`), {
    body: force ? { version, reason, force } : { version, reason },
    key: newKey(),
  });
export const rollBack = (name: string, reason: string) =>
  request<AliasChange>('POST', projectPath(name, '/models/rollback'), {
    body: { reason },
    key: newKey(),
  });

export const listJobs = () => get<List<Job>>('/api/v1/jobs');
