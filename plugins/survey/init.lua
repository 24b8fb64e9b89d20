--!strict
-- One question once work is resolved. The host asks each contact once, never outside the service window, and never who opted out.
-- Une question quand le dossier est résolu, une seule fois, dans la fenêtre de service.
local p = plugin()

p:survey {
	ask = function(e)
		local language = e.interaction.language or e.contact.language
		local words = p.settings.languages[language] or p.settings.languages.en
		local choices = {}
		for at, title in words.answers do
			-- 1 is the best, whatever the language.
			table.insert(choices, { id = tostring(at), title = title })
		end
		return { text = words.question, choices = choices, within = "12h" }
	end,

	answered = function(e)
		-- Handlers run side by side: `update` counts each answer once.
		kv.update("count", function(count)
			count = count or {}
			count[e.choice] = (count[e.choice] or 0) + 1
			return count
		end)
		log.info("a contact answered %s", e.choice)
	end,
}

return p
