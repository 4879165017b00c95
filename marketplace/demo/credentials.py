"""With what one can sign in to a site that holds the demo; known to everybody."""

PASSWORD = "vitrine-demo"
SHOPPER = "shopper@demo.example"
SELLERS = ("seller@demo.example", "seller2@demo.example")
MODERATOR = "moderator@demo.example"
OPERATOR = "operator@demo.example"
APPLICANT = "applicant@demo.example"
