test("translates with the key in a header", function(t)
	t:http("https://api.deepl.com/v2/translate", { json = { translations = { { text = "Hello", detected_source_language = "FR" } } } })
	expect(t:translate("fr", "en", "Bonjour").text):is("Hello")
	local asked = t:requests()[1]
	expect(asked.headers.Authorization):is("DeepL-Auth-Key test-api_key")
	expect(asked.json.target_lang):is("EN-GB")
	expect(asked.json.source_lang):is("FR")
	expect(asked.json.text[1]):is("Bonjour")
end)

test("a free key has an address of its own", function(t)
	t:settings { plan = "free", formality = "prefer_more" }
	t:http("https://api-free.deepl.com/v2/translate", { json = { translations = { { text = "Guten Tag" } } } })
	expect(t:translate("fr", "de", "Bonjour").text):is("Guten Tag")
	expect(t:requests()[1].json.formality):is("prefer_more")
end)

test("a used-up quota is a refusal", function(t)
	t:http("https://api.deepl.com/v2/translate", { status = 456, body = "" })
	expect(t:translate("fr", "en", "Bonjour").problem):is("refused")
end)

test("no answer is told as such", function(t)
	t:http("https://api.deepl.com/v2/translate", { problem = "no answer in time" })
	expect(t:translate("fr", "en", "Bonjour").problem):is("unanswered")
end)

test("knows its languages", function(t)
	t:http("https://api.deepl.com/v3/languages", { json = {
		{ lang = "en-GB", name = "English (British)", usable_as_source = false, usable_as_target = true },
		{ lang = "fr", name = "French", usable_as_source = true, usable_as_target = true },
	} })
	expect(t:languages()[1].code):is("fr")
	expect(t:requests()[1].url):contains("resource=translate_text")
end)
