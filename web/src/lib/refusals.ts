// Refusals and failed deliveries in the reader's words. Refusals are a closed list; a delivery's reason may be newer
// than this console, then the provider's own words serve.
import { has, t } from './i18n/index.svelte';
import type { DeliveryError } from './protocol';
import { Refused } from './socket';

export function explain(error: unknown): string {
  if (!(error instanceof Refused)) return t('refusal_internal', { detail: String(error) });
  switch (error.kind) {
    case 'not_found': return t('refusal_not_found');
    case 'not_assigned': return t('refusal_not_assigned');
    case 'wrong_status': return t('refusal_wrong_status');
    case 'window_closed': return t('refusal_window_closed');
    case 'template_required': return t('refusal_template_required');
    case 'template_invalid': return t('refusal_template_invalid');
    case 'not_permitted': return t('refusal_not_permitted');
    case 'no_capacity': return t('refusal_no_capacity');
    case 'offer_gone': return t('refusal_offer_gone');
    case 'held_by_other': return t('refusal_held_by_other');
    case 'address_needed': return t('refusal_address_needed');
    case 'skill_needed': return t('refusal_skill_needed');
    case 'outcome_needed': return t('refusal_outcome_needed');
    case 'too_large': return t('refusal_too_large');
    case 'unsupported': return t('refusal_unsupported');
    case 'already_done': return t('refusal_already_done');
    case 'unavailable': return t('refusal_unavailable');
    case 'rate_limited': return t('refusal_rate_limited');
    case 'offline': return t('refusal_offline');
    case 'invalid': return t('refusal_invalid', { detail: error.message });
    case 'internal': return t('refusal_internal', { detail: error.message });
    default: return error.message; // A kind newer than this console.
  }
}

export function explainDelivery(error: DeliveryError | null | undefined): string {
  const key = `delivery_${error?.reason ?? ''}`;
  const detail = error?.details || error?.reason || '';
  if (error?.reason && error.reason !== 'provider_error' && has(key)) return t(key);
  return detail === '' ? t('failed_plain') : t('failed_reason', { reason: t('delivery_provider_error', { detail }) });
}
