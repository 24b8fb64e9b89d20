test("translates", function(t)
	t:http("http://127.0.0.1:5000/translate", { json = { translatedText = "Hello" } })
	expect(t:translate("fr", "en", "Bonjour").text):is("Hello")
	local asked = t:requests()[1].json
	expect(asked.q):is("Bonjour")
	expect(asked.source):is("fr")
	expect(asked.target):is("en")
end)

test("says why not", function(t)
	for status, problem in { [400] = "language", [403] = "refused", [429] = "busy", [500] = "bad_answer" } do
		t:http(`http://127.0.0.1:5000/translate`, { status = status, body = "" })
		t:settings { url = "http://127.0.0.1:5000/" }
		t:translate("fr", "en", "Bonjour")
	end
	expect(t:translate("fr", "en", "x").text):is(nil)
end)

test("knows its languages", function(t)
	t:settings { url = "http://10.0.0.9:5000" }
	t:http("http://10.0.0.9:5000/languages", { json = { { code = "en", name = "English" }, { code = "fr", name = "French" } } })
	expect(#t:languages()):is(2)
end)
