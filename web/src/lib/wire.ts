// Names for those parts of the generated protocol that have none of their own.
import type { ErrorShape, Methods } from './protocol';

export type Method = keyof Methods;
export type Params<M extends Method> = Methods[M]['params'];
export type Result<M extends Method> = Methods[M]['result'];
export type SessionStarted = Result<'session.start'>;
export type Scripts = Result<'admin.scripts.get'>;

/** An error as it comes: what a proxy or an older server answers may lack the data. */
export type RpcError = Pick<ErrorShape, 'code' | 'message'> & { data?: Partial<ErrorShape['data']> | null };
