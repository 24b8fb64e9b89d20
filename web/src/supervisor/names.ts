// Names that the supervisor's pages show for ids: agents, skills, and states.
import { desk } from '../lib/desk.svelte';
import { reasonName } from '../lib/desk_words';
import type { Agent, Ownership } from '../lib/protocol';
import { w } from './words';

export function agentName(agent_id: string | null | undefined): string {
  if (!agent_id) return '';
  return desk.world.agents.get(agent_id)?.name ?? agent_id;
}

export function skillName(skill: string | null | undefined): string {
  return desk.world.skills.find((one) => one.skill === skill)?.title || (skill ?? '');
}

export function ownershipName(ownership: Ownership): string {
  return w(`ownership_${ownership}`);
}

export function presence(agent: Agent): string {
  if (agent.state === 'available') return (agent.load ?? 0) > 0 ? w('state_busy') : w('state_free');
  if (agent.state === 'offline') return w('state_offline');
  return agent.reason ? reasonName(agent.reason) : w('state_unavailable');
}
