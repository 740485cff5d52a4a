package storetest

import (
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
)

var account = engine.CampaignRef{MerchantID: "m-1", CampaignID: "c-1"}

func usd(n int64) engine.Money { return engine.Money{Amount: n, Currency: "USD"} }

// redemptionID returns the ID of a number: they ascend as the numbers do.
func redemptionID(c engine.CampaignRef, n int) string {
	return engine.RedemptionID(fmt.Sprintf("01936000-0000-7000-8000-%012d", n), c)
}

// Redemption returns a redemption with everything that one can have.
func Redemption(c engine.CampaignRef, n int) engine.Redemption {
	return engine.Redemption{
		ID: redemptionID(c, n), MerchantID: c.MerchantID, CampaignID: c.CampaignID, VenueID: "v-1", UserID: "u-81 上海", DecisionID: "d-1", PurchaseID: "till 4/17", Code: "ONCE",
		Purchase: usd(12000), Discount: usd(1800), Charges: []engine.Money{{Amount: 1700, Currency: "EUR"}, usd(1800)},
		RatesDate: engine.Date{Year: 2026, Month: 11, Day: 23}, Day: engine.Date{Year: 2026, Month: 11, Day: 24}, Status: engine.Reserved,
		Time: epoch.Truncate(time.Millisecond), Settled: epoch.Truncate(time.Millisecond), ExpiresAt: epoch.Add(time.Hour).Truncate(time.Millisecond), RolledBack: 5,
	}
}

// Movement returns a movement with everything that one can have.
func Movement(c engine.CampaignRef, n uint64) engine.Movement {
	taken := engine.Taken{Redemptions: 1, Spend: []engine.Money{{Amount: 1700, Currency: "EUR"}, usd(1800)}}
	return engine.Movement{
		Number: n, Kind: engine.MoveReserve, Time: epoch.Truncate(time.Millisecond), By: "key_1", RedemptionID: redemptionID(c, 1), Status: engine.Reserved, Amount: usd(1800), RolledBack: 5,
		Codes: 3, Code: "ONCE", CodeBefore: 1, CodeAfter: 2, Day: engine.Date{Year: 2026, Month: 11, Day: 24},
		Changes: []engine.BalanceChange{
			{BalanceKey: engine.BalanceKey{Per: engine.PerCampaign}, After: taken, DayAfter: taken},
			{BalanceKey: engine.BalanceKey{Per: engine.PerVenue, ID: "v-1"}, Before: taken, DayBefore: taken},
			{BalanceKey: engine.BalanceKey{Per: engine.PerUser, ID: engine.UserHash("u-81")}, After: taken, DayAfter: taken},
		},
	}
}

// AccountBalance returns a balance with several days.
func AccountBalance(k engine.BalanceKey, entry uint64) engine.Balance {
	day := engine.Taken{Redemptions: 2, Spend: []engine.Money{usd(50)}}
	return engine.Balance{BalanceKey: k, Entry: entry, Total: engine.Taken{Redemptions: 9, Spend: []engine.Money{usd(900)}}, Days: []engine.DayTaken{
		{Date: engine.Date{Year: 2026, Month: 11, Day: 23}, Taken: day}, {Date: engine.Date{Year: 2027, Month: 1, Day: 1}, Taken: day},
	}}
}
