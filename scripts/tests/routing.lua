--!strict
-- Run with `guichet test`, and before each change of the scripts goes live.
test("somebody who wants to buy goes to sales", function(t)
	expect(t:route({ text = "What is the PRICE, please?" }).skill):is("sales")
	expect(t:route({ text = "Bonjour, je voudrais un devis." }).skill):is("sales")
	expect(t:route({ text = "two orders" }).skill):is("sales")
end)

test("everybody else goes to support", function(t)
	expect(t:route({ text = "Bonjour" }).skill):is("support")
	expect(t:route({ text = "", message_kind = "image" }).skill):is("support")
	expect(t:route({ text = "what a surprise" }).skill):is("support")
end)

test("VIP goes first", function(t)
	expect(t:route({ contact = { vip = true } }).priority):is(900)
	expect(t:route({}).priority):is(0)
end)
