// The page's words in English and French, chosen by the browser's language. Knows nothing of what is shown.

const en = {
  skip: "Skip to the message box", subtitle: "Customer simulator", customers: "Customers", name: "Name",
  number: "Phone number", add: "Add a customer", account: "Business number", message: "Message", attach: "Attach",
  record: "Record a voice note", stop: "Stop and send", send: "Send", photo: "Photo or video", document: "Document",
  samplePhoto: "Sample photo", sampleVoice: "Sample voice note", sticker: "Sticker", location: "Location",
  contact: "Contact", poll: "Poll (unsupported)", controls: "Controls", clock: "Clock", advanceBy: "Move forward by",
  advance: "Move", thisPhone: "This phone", online: "Switched on", reads: "Reads at once (blue ticks)",
  hides: "Hides its number (username)", missing: "Not on WhatsApp (131026)", faults: "Faults",
  nextSend: "The next send of the business", times: "Times", set: "Set", duplicate: "Webhooks arrive twice",
  sync: "Closed window refused at once", clear: "Clear all faults", webhooks: "Webhooks", close: "Close",
  cancel: "Cancel", typing: "typing…", business: "Business account", off: "phone is off", you: "You",
  windowOpen: "Free replies until {0}", windowClosed: "24 h window closed: the business needs a template",
  noFault: "No fault set", faultSet: "Set: {0}", hookOk: "Delivered (HTTP {0})", hookBad: "Not accepted: {0}",
  hookNone: "None sent yet", hookWaiting: "{0} waiting", reply: "Reply", react: "React with {0}",
  edit: "Edit", remove: "Delete for everyone", removed: "This message was deleted", edited: "edited",
  sent: "Sent", delivered: "Delivered", read: "Read", played: "Played", failed: "Not delivered",
  notShown: "Not delivered to this phone ({0})", unsupported: "Unsupported message ({0})", open: "Open",
  download: "Download", voiceNote: "Voice note", picture: "Picture", today: "Today", yesterday: "Yesterday",
  empty: "Write a first message to the business.", noMic: "No microphone here: a sample was sent instead.",
  recording: "Recording… press again to send", lost: "The server does not answer", linkOnly: "File by link",
  unread: "{0} unread", conversation: "Conversation", editing: "Editing", orders: "Order", more: "Message actions",
  delay: "Answer after 5 s", before: "Connection cut, message lost", after: "Connection cut, message kept",
  garbage: "Unreadable answer", bare503: "503 without explanation", f131047: "131047 window closed (status)",
  f131056: "131056 too many to this number", f130429: "130429 rate limit", f131049: "131049 Meta chose not to deliver (status)",
  f190: "190 token expired", f131000: "131000 unknown error", f131026: "131026 undeliverable (status)",
};

const fr = {
  skip: "Aller à la zone de message", subtitle: "Simulateur de clients", customers: "Clients", name: "Nom",
  number: "Numéro de téléphone", add: "Ajouter un client", account: "Numéro de l’entreprise", message: "Message",
  attach: "Joindre", record: "Enregistrer un message vocal", stop: "Arrêter et envoyer", send: "Envoyer",
  photo: "Photo ou vidéo", document: "Document", samplePhoto: "Photo d’exemple", sampleVoice: "Message vocal d’exemple",
  sticker: "Autocollant", location: "Position", contact: "Contact", poll: "Sondage (non pris en charge)",
  controls: "Commandes", clock: "Horloge", advanceBy: "Avancer de", advance: "Avancer", thisPhone: "Ce téléphone",
  online: "Allumé", reads: "Lit aussitôt (coches bleues)", hides: "Masque son numéro (nom d’utilisateur)",
  missing: "Pas sur WhatsApp (131026)", faults: "Pannes", nextSend: "Le prochain envoi de l’entreprise", times: "Fois",
  set: "Appliquer", duplicate: "Les webhooks arrivent deux fois", sync: "Fenêtre fermée : refus immédiat",
  clear: "Effacer les pannes", webhooks: "Webhooks", close: "Fermer", cancel: "Annuler", typing: "écrit…",
  business: "Compte professionnel", off: "téléphone éteint", you: "Vous",
  windowOpen: "Réponses libres jusqu’au {0}", windowClosed: "Fenêtre de 24 h fermée : il faut un modèle",
  noFault: "Aucune panne", faultSet: "En place : {0}", hookOk: "Livré (HTTP {0})", hookBad: "Non accepté : {0}",
  hookNone: "Aucun envoi pour l’instant", hookWaiting: "{0} en attente", reply: "Répondre", react: "Réagir avec {0}",
  edit: "Modifier", remove: "Supprimer pour tous", removed: "Ce message a été supprimé", edited: "modifié",
  sent: "Envoyé", delivered: "Distribué", read: "Lu", played: "Écouté", failed: "Non distribué",
  notShown: "Non distribué à ce téléphone ({0})", unsupported: "Message non pris en charge ({0})", open: "Ouvrir",
  download: "Télécharger", voiceNote: "Message vocal", picture: "Image", today: "Aujourd’hui", yesterday: "Hier",
  empty: "Écrivez un premier message à l’entreprise.", noMic: "Pas de micro ici : un exemple a été envoyé.",
  recording: "Enregistrement… appuyez pour envoyer", lost: "Le serveur ne répond pas", linkOnly: "Fichier par lien",
  unread: "{0} non lus", conversation: "Conversation", editing: "Modification", orders: "Commande", more: "Actions du message",
  delay: "Réponse après 5 s", before: "Connexion coupée, message perdu", after: "Connexion coupée, message gardé",
  garbage: "Réponse illisible", bare503: "503 sans explication", f131047: "131047 fenêtre fermée (statut)",
  f131056: "131056 trop vers ce numéro", f130429: "130429 débit dépassé", f131049: "131049 non remis par Meta (statut)",
  f190: "190 jeton expiré", f131000: "131000 erreur inconnue", f131026: "131026 non distribuable (statut)",
};

export const locale = navigator.language || "en";
const words = locale.toLowerCase().startsWith("fr") ? fr : en;

/** A word with its blanks filled. */
export function word(key, ...values) {
  return (words[key] ?? key).replace(/\{(\d)\}/g, (_, n) => values[Number(n)] ?? "");
}

/** Writes the words into the page's markup. */
export function translate() {
  document.documentElement.lang = words === fr ? "fr" : "en";
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", word(node.dataset.label));
    if (node.tagName === "BUTTON") node.title = word(node.dataset.label);
  }
  for (const node of document.querySelectorAll("[data-placeholder]")) node.placeholder = word(node.dataset.placeholder);
  document.getElementById("talk").setAttribute("aria-label", word("conversation"));
}
