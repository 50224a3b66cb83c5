// Who is here: the server's own words about itself, signing in and out.
import { get, keepCsrf, request } from './client';
import type { Server, User } from './types';

export const server = () => get<Server>('/api/v1/server');

export async function signIn(name: string, password: string): Promise<User> {
  const reply = await request<{ user: User; csrf_token: string }>('POST', '/api/v1/sessions', {
    body: { name, password },
  });
  keepCsrf(reply.csrf_token);
  return reply.user;
}

export async function signOut(): Promise<void> {
  await request<unknown>('DELETE', '/api/v1/sessions/current');
  keepCsrf(null);
}
