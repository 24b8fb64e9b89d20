--!strict
-- A translator: `[translation] kind = "plugin"`, `plugin = "deepl"`, and `[plugin.deepl.secrets] api_key = { env = "DEEPL_KEY" }`.
local p = plugin()

local HOSTS = { pro = "https://api.deepl.com/", free = "https://api-free.deepl.com/" }
-- 456: the quota is used up.
local PROBLEMS = { [400] = "language", [403] = "refused", [456] = "refused", [429] = "busy", [503] = "busy", [529] = "busy" }

local function call(path: string, options)
	options.headers = { Authorization = `DeepL-Auth-Key {secret.api_key}` }
	options.timeout = "5s"
	local url = `{HOSTS[p.settings.plan]}{path}`
	local answer = (if options.json then http.post else http.get)(url, options)
	if not answer then
		return nil, "unanswered"
	end
	if answer.status ~= 200 then
		return nil, PROBLEMS[answer.status] or "bad_answer"
	end
	return answer:json()
end

p:translator {
	translate = function(given)
		local answer, problem = call("v2/translate", {
			json = {
				text = { given.text },
				source_lang = string.upper(given.from),
				-- English and Portuguese have no target without a country.
				target_lang = ({ en = "EN-GB", pt = "PT-PT" })[given.to] or string.upper(given.to),
				formality = if p.settings.formality ~= "default" then p.settings.formality else nil,
			},
		})
		local first = answer and answer.translations and answer.translations[1]
		return { text = first and first.text, problem = problem }
	end,

	languages = function()
		local known, problem = call("v3/languages", { query = { resource = "translate_text" } })
		if not known then
			error(`the languages can't be read: {problem}`)
		end
		local languages = {}
		for _, language in known do
			-- Variants of a country are targets only; `translate` chooses one where it must.
			if language.usable_as_source then
				table.insert(languages, { code = string.lower(language.lang), name = language.name })
			end
		end
		return languages
	end,
}

return p
