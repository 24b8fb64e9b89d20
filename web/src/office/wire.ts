// Names for those parts of the generated protocol that these pages use and that have none of their own.
import type { Params, Result } from '../lib/wire';

export type Board = Result<'board.get'>;
export type HandTo = Params<'supervise.reassign'>['to'];
export type ListFilter = Params<'interaction.list'>;
