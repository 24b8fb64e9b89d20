--!strict
-- Greets in the contact's language, asks what it is about, and hands over to the skill that was chosen, with a note.
-- Salue dans la langue du contact, demande le sujet, et passe la main à la compétence choisie, avec une note.
local p = plugin()

local WORDS = {
	en = {
		hello = "Hello %s! What is it about?",
		closed = "We are closed now; we'll answer as soon as we open again.",
		again = "Please choose one of these:",
		thanks = "Thank you, somebody will be with you soon.",
	},
	fr = {
		hello = "Bonjour %s ! C'est à quel sujet ?",
		closed = "Nous sommes fermés pour le moment ; nous vous répondrons dès l'ouverture.",
		again = "Merci de choisir l'une de ces réponses :",
		thanks = "Merci, quelqu'un va vous répondre.",
	},
}

local function words(c)
	return WORDS[c.language] or WORDS.en
end

local function menu(c)
	local choices = {}
	for _, entry in p.settings.menu do
		table.insert(choices, { id = entry.skill, title = entry[c.language] or entry.en or entry.skill })
	end
	return choices
end

local function open(): boolean
	local s = p.settings
	local week = { tz = s.time_zone, mon_fri = s.mon_fri, sat = if s.sat ~= "" then s.sat else false }
	return calendar.weekly(week):open(time.now())
end

p:bot {
	start = function(c, m)
		if not open() then
			c:reply(words(c).closed)
			return c:hand_over { note = "Written while the desk was closed." }
		end
		c:reply(string.format(words(c).hello, c.contact.name or ""), { choices = menu(c) })
	end,

	message = function(c, m)
		if m.choice then
			c:reply(words(c).thanks)
			return c:hand_over { skill = m.choice, note = `Chose "{m.text}".` }
		end
		-- Whoever does not want to choose gets a person after the second try.
		if c.data.asked then
			return c:hand_over { note = `Chose nothing; wrote "{m.text}".` }
		end
		c.data.asked = true
		c:reply(words(c).again, { choices = menu(c) })
	end,
}

return p
