// The one place that talks to the server: JSON in and out, errors as errors, and the session's token.
import { kept, keep } from '../base/kept';

/** The server answered, and the answer is no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null,
  ) {
    super(message);
  }
}

/** No answer came: the server is away, or the line is. */
export class Unreachable extends Error {
  constructor() {
    super('The server cannot be reached.');
  }
}

export interface Options {
  body?: unknown;
  raw?: { body: BodyInit; type: string };
  key?: string; // Idempotency-Key
  timeoutSeconds?: number;
}

const CSRF = 'querist-csrf';
const isText = (value: unknown): value is string => typeof value === 'string';
let onSignedOut: () => void = () => {};

export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

export function keepCsrf(token: string | null): void {
  keep(localStorage, CSRF, token);
}

export function projectPath(project: string, rest = ''): string {
  return `/api/v1/projects/${encodeURIComponent(project)}${rest}`;
}

export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  let body: BodyInit | undefined;
  if (options.raw) {
    headers['Content-Type'] = options.raw.type;
    body = options.raw.body;
  } else if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(options.body);
  }
  if (options.key) headers['Idempotency-Key'] = options.key;
  const csrf = method === 'GET' ? null : kept(localStorage, CSRF, isText);
  if (csrf) headers['X-CSRF-Token'] = csrf;
  const signal = AbortSignal.timeout((options.timeoutSeconds ?? 30) * 1000);
  const init: RequestInit = { method, headers, signal, credentials: 'same-origin' };
  if (body !== undefined) init.body = body;
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, init);
    text = await response.text();
  } catch {
    throw new Unreachable();
  }
  if (response.ok) return (text ? JSON.parse(text) : null) as T;
  throw refusal(response, text, path);
}

function refusal(response: Response, text: string, path: string): Refused {
  if (response.status === 401 && !path.endsWith('/sessions')) onSignedOut();
  const request = response.headers.get('X-Request-Id');
  try {
    const error = (
      JSON.parse(text) as { error: { code: string; message: string; request_id?: string } }
    ).error;
    return new Refused(response.status, error.code, error.message, error.request_id ?? request);
  } catch {
    return new Refused(
      response.status,
      'unknown',
      `The server replied ${response.status}.`,
      request,
    );
  }
}

export const get = <T>(path: string) => request<T>('GET', path);

export function query(values: Record<string, string | number | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : '';
}

/** A random name for one action. Works on plain http too, where crypto.randomUUID does not. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
