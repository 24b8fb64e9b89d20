test("greets and hands over", function(t)
	t:customer "hello"
	t:expect_reply "Hello, Ana Prado"
	t:expect_choice "Yes"
	t:customer "Yes"
	t:expect_handed_over(nil, 'wrote "Yes"')
end)

test("says goodbye to who wants nobody", function(t)
	t:settings { greeting = "Welcome" }
	t:customer "hello"
	t:expect_reply "Welcome"
	t:customer "no"
	t:expect_reply "goodbye"
	t:expect_resolved()
end)
