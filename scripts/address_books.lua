--!strict
-- People and places that agents may write to before they have written: suppliers, branches, partners.
-- Carnets d'adresses : à qui les agents peuvent écrire les premiers (fournisseurs, agences, partenaires).
--
-- An entry has a `name`, and a `phone` (WhatsApp, SMS, telephone) or an `email`, or both; a `note` if there is something to know.
-- `skills` shows a book to those agents only. A long book may stand in a file of its own: entries = require("./books/branches")
--
--	{
--		id = "suppliers",
--		title = "Fournisseurs",
--		skills = { "support" },
--		entries = {
--			{ name = "Aqua Plomberie", phone = "+33 1 99 00 12 34", email = "contact@aqua.example", note = "D'astreinte jusqu'à 20 h" },
--		},
--	},
return address_books {
	version = 1,
}
