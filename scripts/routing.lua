--!strict
-- Where a new conversation goes. Saved: live at once. What breaks here never goes live; the last good version keeps working.
--
-- Où va une nouvelle conversation. Enregistré : actif aussitôt. Un script fautif n'est jamais activé.
--
-- `route` is asked for each interaction that waits for nobody yet, and returns one decision:
--   to.skill("sales")                        anybody who holds the skill
--     :require { level = 3 }                 … at this level or above (1–10)
--     :priority(500)                         … before others (0–1000)
--   to.agent(id):within("2m"):otherwise("support")   one person first, then a skill
--   to.team("front")                         anybody of a team
--   to.reply("closed_hours", { reopens = … }):hold("night")   answer by itself and wait
-- What `i` holds, and everything else: docs/SCRIPTING.md.

-- Words of people who want to buy; small letters, no accents. / Mots de qui veut acheter, sans accents.
local SALES = {}
for _, word in {
	-- English
	"order", "price", "quote", "buy", "invoice", "discount",
	-- Français
	"commande", "commander", "prix", "tarif", "devis", "acheter", "facture", "remise",
} do
	SALES[word] = true
	SALES[word .. "s"] = true
end

local function speaks_of_sales(text: string): boolean
	-- What matters is said at the beginning; a very long letter need not be read to its end.
	for word in string.gmatch(string.lower(string.sub(text, 1, 500)), "%a+") do
		if SALES[word] then
			return true
		end
	end
	return false
end

return routing {
	version = 1,

	route = function(i: Interaction, now: Time): Decision
		-- To give people who come back to the same agent first, take away the two dashes:
		-- if i.last_agent and i.last_agent.online then
		--     return to.agent(i.last_agent.id):within("2m"):otherwise(i.skill or "support")
		-- end
		local skill = if speaks_of_sales(i.text) then "sales" else "support"
		local priority = if i.contact.vip then 900 else 0
		return to.skill(skill):priority(priority)
	end,
}
