--!strict
-- A translator: `[translation] kind = "plugin"`, `plugin = "libretranslate"`. The key goes in the header `Authorization`, where a
-- server behind a gateway wants it; LibreTranslate's own `api_key` stands in the body, where the host puts no secret.
local p = plugin()

local PROBLEMS = { [400] = "language", [401] = "refused", [403] = "refused", [429] = "busy", [503] = "busy" }

local function call(method: string, path: string, body)
	local url = `{string.gsub(p.settings.url, "/$", "")}{path}`
	local options = { timeout = "5s", json = body, headers = { Authorization = `Bearer {secret.api_key}` } }
	local answer = (if method == "GET" then http.get else http.post)(url, options)
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
		local answer, problem = call("POST", "/translate", {
			q = given.text,
			source = given.from,
			target = given.to,
			format = "text",
		})
		return { text = answer and answer.translatedText, problem = problem }
	end,

	languages = function()
		local known, problem = call("GET", "/languages")
		if not known then
			error(`the languages can't be read: {problem}`)
		end
		local languages = {}
		for _, language in known do
			table.insert(languages, { code = language.code, name = language.name })
		end
		return languages
	end,
}

return p
