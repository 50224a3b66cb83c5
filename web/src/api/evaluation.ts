// What is computed when asked for: it may take as long as some trainings.
import { projectPath, query, request } from './client';
import type { Comparison, Evaluation } from './evaluation_types';

export type Part = 'groups' | 'leakage' | 'robustness' | 'out_of_distribution';

export const getEvaluation = (name: string, part: Part) =>
  request<Evaluation>('GET', projectPath(name, `/evaluation${query({ parts: part })}`), {
    timeoutSeconds: 900,
  });

export const compareModels = (name: string, version: number, against: number) =>
  request<Comparison>(
    'GET',
    projectPath(name, `/models/${version}/comparison${query({ against })}`),
    { timeoutSeconds: 900 },
  );
