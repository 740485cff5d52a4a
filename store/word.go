package store

import "github.com/sihai-network/sihai/engine"

// words are texts that many values hold. It is not changed.
var words = wordsOf(
	"en", "zh-Hans", "zh-Hant", "yue", "ja", "ko", "es", "fr", "de", "it", "pt", "ar", "ru", "th", "vi", "id", "ms", "hi",
	"USD", "EUR", "GBP", "CNY", "HKD", "TWD", "JPY", "KRW", "SGD", "THB", "AUD", "CAD", "MXN", "BRL", "AED", "INR",
	string(engine.StatusEnabled), string(engine.StatusDisabled), string(engine.StatusArchived),
	string(engine.DiscountPercent), string(engine.DiscountAmount), string(engine.DiscountFixedPrice),
	string(engine.DiscountBuyXGetY), string(engine.DiscountGift), string(engine.DiscountCashback),
	string(engine.ChangeMerchant), string(engine.ChangeVenue), string(engine.ChangeCampaign),
)

func wordsOf(list ...string) map[string]string {
	m := make(map[string]string, len(list))
	for _, word := range list {
		m[word] = word
	}
	return m
}
