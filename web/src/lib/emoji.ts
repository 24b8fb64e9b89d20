// The emoji that people write at a counter, with the words by which they are found, in English and in French.
export interface Emoji { char: string; words: string }

const TABLE = `
😀 smile happy sourire content|😄 laugh grin rire|😁 grin sourire dents|😂 tears joy laugh rire larmes|🤣 rolling laugh mort de rire|😊 blush smile sourire rougir|🙂 slight smile sourire|😉 wink clin oeil
😍 love heart eyes amour yeux coeur|🥰 love hearts amour|😘 kiss bisou|😋 yum miam delicious|😎 cool sunglasses lunettes|🤔 think réfléchir penser hmm|🤗 hug câlin|🤝 handshake poignée main accord
😐 neutral neutre|😕 confused confus|🙁 sad triste|😢 cry pleurer triste|😭 sob pleurer|😤 frustrated énervé|😠 angry colère fâché|😡 rage colère
😱 scream peur cri|😅 sweat smile ouf gêne|😌 relieved soulagé|😴 sleep dormir|🤒 ill malade fièvre|😷 mask masque|🥳 party fête|😇 angel ange
👍 thumbs up yes ok pouce oui bien|👎 thumbs down no pouce non|👏 clap applaudir bravo|🙏 thanks please pray merci prière|👌 ok parfait|✌️ peace victoire paix|🤞 fingers crossed doigts croisés|💪 strong force courage
👋 wave hello bye bonjour salut au revoir|✋ stop main|👉 right doigt droite|👇 down doigt bas|☝️ up doigt haut|🙌 hooray hourra|🤷 shrug sais pas|🙋 raise hand main levée
❤️ red heart love coeur rouge amour|🧡 orange heart coeur|💛 yellow heart coeur jaune|💚 green heart coeur vert|💙 blue heart coeur bleu|💜 purple heart coeur violet|💔 broken heart coeur brisé|✨ sparkles étincelles
🎉 party tada fête bravo|🎁 gift cadeau|🎂 cake birthday gâteau anniversaire|🌹 rose flower fleur|🌞 sun soleil|🌧️ rain pluie|⭐ star étoile|🔥 fire feu
✅ check done yes fait oui valide|❌ cross no non erreur croix|⚠️ warning attention|❗ exclamation important|❓ question|ℹ️ info information|🔔 bell cloche alerte|🔒 lock verrou sécurité
📦 parcel package colis|🚚 truck delivery livraison camion|🏠 house home maison|🏢 office bureau immeuble|🏪 shop store magasin|🛒 cart shopping panier|💳 card payment carte paiement|💶 money euro argent
📞 phone call téléphone appel|📱 mobile portable|✉️ mail letter lettre courrier|📧 email courriel|📎 paperclip pièce jointe|📄 document page|📝 note memo write écrire|📷 camera photo
📅 calendar date calendrier|⏰ alarm clock réveil heure|⏳ wait hourglass attendre sablier|🔧 wrench repair réparer outil|🔨 hammer marteau|💡 idea light idée ampoule|🔍 search loupe chercher|🔗 link lien
🚗 car voiture|✈️ plane avion|🚆 train|📍 pin place lieu adresse|🌍 earth world terre monde|☕ coffee café|🍕 pizza|🍽️ meal repas`;

export const EMOJI: readonly Emoji[] = TABLE.trim().split(/[|\n]/u).map((line) => {
  const space = line.indexOf(' ');
  return { char: line.slice(0, space), words: fold(line.slice(space + 1)) };
});

export function fold(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

/** Those of which every word of the query begins one of the words. */
export function findEmoji(query: string): readonly Emoji[] {
  const words = fold(query).split(/\s+/u).filter(Boolean);
  return words.length === 0 ? EMOJI : EMOJI.filter((one) => words.every((word) => one.words.split(' ').some((own) => own.startsWith(word))));
}
