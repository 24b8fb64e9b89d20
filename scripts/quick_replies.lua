--!strict
-- Prepared answers. An agent picks one, fills in the blanks, changes what should be changed, and sends it.
-- Réponses préparées, en plusieurs langues. `{contact.first_name}` et `{agent.name}` sont remplis d'eux-mêmes.
--
-- A name in braces is a field (see `fields`) or something known: contact.name, contact.first_name, contact.address,
-- agent.name, agent.first_name, interaction.id, interaction.skill … (docs/SCRIPTING.md).
-- `routing.lua` may send one by itself: to.reply("closed_hours", { reopens = hours:next_open(now) }):hold("night")
return quick_replies {
	version = 1,
	default_language = "fr",

	{
		id = "greeting",
		title = { fr = "Accueil", en = "Greeting" },
		text = {
			fr = "Bonjour {contact.first_name}, ici {agent.first_name}. Comment puis-je vous aider ?",
			en = "Hello {contact.first_name}, this is {agent.first_name}. How may I help you?",
		},
		favourite = true,
		shortcut = "/hello",
	},
	{
		id = "one_moment",
		title = { fr = "Un instant", en = "One moment" },
		text = {
			fr = "Un instant, je vérifie et je reviens vers vous.",
			en = "One moment please, I am looking into it.",
		},
		favourite = true,
		shortcut = "/wait",
	},
	{
		id = "ask_order_number",
		title = { fr = "Numéro de commande ?", en = "Order number?" },
		text = {
			fr = "Pourriez-vous m'indiquer votre numéro de commande, s'il vous plaît ?",
			en = "Could you tell me your order number, please?",
		},
		tags = { "order" },
	},
	{
		id = "order_sent",
		title = { fr = "Commande expédiée", en = "Order on its way" },
		text = {
			fr = "Votre commande {order} est partie. Livraison prévue le {day}.",
			en = "Your order {order} is on its way. Expected delivery: {day}.",
		},
		fields = {
			order = field.text { label = { fr = "Commande", en = "Order" }, max = 40, required = true },
			day = field.date { label = { fr = "Livraison", en = "Delivery" }, required = true },
		},
		tags = { "order" },
	},
	{
		id = "quote_follows",
		title = { fr = "Devis à suivre", en = "Quote to follow" },
		text = {
			fr = "Merci ! Je vous envoie votre devis {delay}.",
			en = "Thank you! I will send you your quote {delay}.",
		},
		fields = {
			delay = field.choice {
				label = { fr = "Quand", en = "When" },
				options = { { fr = "aujourd'hui", en = "today" }, { fr = "demain", en = "tomorrow" } },
				required = true,
			},
		},
		skills = { "sales" },
	},
	{
		id = "ask_photo",
		title = { fr = "Une photo ?", en = "A picture?" },
		text = {
			fr = "Pouvez-vous m'envoyer une photo du produit concerné ?",
			en = "Could you send me a picture of the product?",
		},
		skills = { "support" },
	},
	{
		id = "sorry",
		title = { fr = "Excuses", en = "Apology" },
		text = {
			fr = "Je suis désolé pour ce désagrément, {contact.name}. Je m'en occupe tout de suite.",
			en = "I am sorry for the trouble, {contact.name}. I am taking care of it right now.",
		},
	},
	{
		id = "callback",
		title = { fr = "Rappel", en = "Call back" },
		text = {
			fr = "Nous pouvons vous rappeler au {number}. Quel moment vous convient ?",
			en = "We can call you back on {number}. What time suits you?",
		},
		fields = { number = field.text { label = { fr = "Téléphone", en = "Phone" }, max = 30, required = true } },
	},
	{
		id = "closed_hours",
		title = { fr = "Fermé", en = "Closed" },
		text = {
			fr = "Merci pour votre message. Nous sommes fermés et vous répondrons dès l'ouverture : {reopens}.",
			en = "Thank you for your message. We are closed and will answer as soon as we open: {reopens}.",
		},
		fields = { reopens = field.text { label = { fr = "Réouverture", en = "Opening" }, max = 60, required = true } },
	},
	{
		id = "goodbye",
		title = { fr = "Au revoir", en = "Goodbye" },
		text = {
			fr = "Merci et bonne journée, {contact.first_name} !",
			en = "Thank you, and have a nice day, {contact.first_name}!",
		},
		favourite = true,
		shortcut = "/bye",
	},
}
