--!strict
-- Answers by keywords. Two entries that fit equally well, none, or a second "no": a person takes over.
-- Répond par mots-clés. Deux réponses possibles, aucune, ou un second « non » : une personne prend la suite.
local p = plugin()

local YES = { yes = true, oui = true, ok = true, merci = true, thanks = true }
local ACCENTS = { ["é"] = "e", ["è"] = "e", ["ê"] = "e", ["à"] = "a", ["â"] = "a", ["ç"] = "c", ["ù"] = "u", ["û"] = "u", ["î"] = "i", ["ô"] = "o" }

-- Small letters without accents, as a set.
local function words_of(text: string)
	local plainer = text
	for accented, letter in ACCENTS do
		plainer = string.gsub(plainer, accented, letter)
	end
	local words = {}
	for word in string.gmatch(string.lower(plainer), "%w+") do
		words[word] = true
	end
	return words
end

-- The one entry with the most words in common; nil: none, or no single best one.
local function answer_to(text: string): string?
	local said = words_of(text)
	local best, most, alone = nil, 0, true
	for _, entry in p.settings.entries do
		local count = 0
		for _, word in entry.words do
			if said[word] then
				count += 1
			end
		end
		if count > most then
			best, most, alone = entry.answer, count, true
		elseif count == most and count > 0 then
			alone = false
		end
	end
	return if alone then best else nil
end

local function give_up(c, note: string)
	local skill = if p.settings.skill ~= "" then p.settings.skill else nil
	return c:hand_over { skill = skill, note = note }
end

local function respond(c, m)
	local answer = answer_to(m.text or "")
	if not answer then
		return give_up(c, `No answer known to "{m.text}".`)
	end
	c.data.answered = m.text
	c:reply(answer)
	c:reply(
		if c.language == "fr" then "Cela répond-il à votre question ?" else "Does that answer your question?",
		{ choices = if c.language == "fr" then { "Oui", "Non" } else { "Yes", "No" } }
	)
end

p:bot {
	start = respond,
	message = function(c, m)
		local text = string.lower(m.text or "")
		if m.choice == "Yes" or m.choice == "Oui" or YES[text] then
			c:reply(if c.language == "fr" then "Avec plaisir !" else "You're welcome!")
			return c:resolve { disposition = "answered by bot" }
		end
		if m.choice then
			return give_up(c, `The answer to "{c.data.answered}" did not help.`)
		end
		respond(c, m)
	end,
}

return p
