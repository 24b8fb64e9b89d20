test("asks in the contact's language and counts the answer", function(t)
	t:resolve()
	t:expect_reply "Êtes-vous satisfait"
	t:expect_choice "Très"
	t:customer "très"
	expect(t:kv("count")["1"]):is(1)
end)

test("what is no answer is none", function(t)
	t:resolve()
	t:expect_reply "Êtes-vous"
	t:customer "Encore une question"
	expect(t:kv("count")):is(nil)
end)

test("an unknown language is asked in English", function(t)
	t:contact { language = "fi" }
	t:resolve()
	t:expect_reply "How satisfied"
	t:customer "3"
	expect(t:kv("count")["3"]):is(1)
end)
