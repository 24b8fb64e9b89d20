import { describe, expect, it } from 'vitest';
import { environment, isChannelId, isMetaId, toml } from './connect';
import { codeOf } from './titles';

describe('connecting a number', () => {
  it('writes what the configuration reads', () => {
    expect(toml({ channel_id: 'whatsapp-fr', phone_number_id: ' 106540352242922 ', business_account_id: '102290129340398' })).toBe(
      '[[channel]]\nid = "whatsapp-fr"\nkind = "whatsapp"\nphone_number_id = "106540352242922"\nbusiness_account_id = "102290129340398"\n' +
        'access_token = { env = "WHATSAPP_FR_ACCESS_TOKEN" }\napp_secret = { env = "WHATSAPP_FR_APP_SECRET" }\nverify_token = { env = "WHATSAPP_FR_VERIFY_TOKEN" }',
    );
    expect(environment('main')).toBe('MAIN_ACCESS_TOKEN=…\nMAIN_APP_SECRET=…\nMAIN_VERIFY_TOKEN=…');
  });
  it('tells an id from a telephone number', () => {
    expect(['106540352242922', '+33 6 12 34 56 78', '12', ''].map(isMetaId)).toEqual([true, false, false, false]);
    expect(['whatsapp', 'a b', '-x', 'x"'].map(isChannelId)).toEqual([true, false, false, false]);
  });
  it('makes codes of titles', () => {
    expect(['Réponse rapide', '  Ventes & devis ', 'Équipe 2', '***'].map(codeOf)).toEqual(['reponse_rapide', 'ventes_devis', 'equipe_2', '']);
  });
});
