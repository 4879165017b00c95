import "../modules/buy-box";
