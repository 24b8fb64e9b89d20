// What an administrator copies into the configuration to connect a WhatsApp number. Pure.

export interface WhatsAppNumber { channel_id: string; phone_number_id: string; business_account_id: string }

/** Meta's ids are digits; a telephone number with its plus is a common mistake. */
export function isMetaId(text: string): boolean {
  return /^\d{6,20}$/u.test(text.trim());
}

export function isChannelId(text: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,39}$/u.test(text);
}

export function toml(number: WhatsAppNumber): string {
  const secret = (name: string): string => `{ env = "${variable(number.channel_id, name)}" }`;
  return [
    '[[channel]]',
    `id = "${number.channel_id}"`,
    'kind = "whatsapp"',
    `phone_number_id = "${number.phone_number_id.trim()}"`,
    `business_account_id = "${number.business_account_id.trim()}"`,
    `access_token = ${secret('ACCESS_TOKEN')}`,
    `app_secret = ${secret('APP_SECRET')}`,
    `verify_token = ${secret('VERIFY_TOKEN')}`,
  ].join('\n');
}

export function variable(channel_id: string, name: string): string {
  return `${channel_id.toUpperCase().replace(/[^A-Z0-9]/gu, '_')}_${name}`;
}

export function environment(channel_id: string): string {
  return ['ACCESS_TOKEN', 'APP_SECRET', 'VERIFY_TOKEN'].map((name) => `${variable(channel_id, name)}=…`).join('\n');
}
