package geo_test

import (
	"fmt"

	"github.com/sihai-network/sihai/geo"
)

func ExampleIndex() {
	beach, err := geo.NewCircle(geo.LatLng{Lat: 25.7907, Lng: -80.13}, 800)
	if err != nil {
		fmt.Println(err)
		return
	}
	city, err := geo.NewCellSet([]string{"8744a1142ffffff", "8744a1155ffffff"})
	if err != nil {
		fmt.Println(err)
		return
	}
	before := new(geo.Index).Apply(nil, []geo.Item{{Handle: 7, Fence: beach}, {Handle: 9, Fence: city}})
	after := before.Apply([]uint32{7}, nil) // before stays as it is

	traveller := geo.LatLng{Lat: 25.7907, Lng: -80.1353}
	fmt.Println(before.Lookup(nil, traveller))
	fmt.Println(len(after.Lookup(nil, traveller)))
	fmt.Println(before.Within(nil, geo.LatLng{Lat: 25.80, Lng: -80.14}, 700))
	// Output:
	// [7]
	// 0
	// [7]
}

func ExampleFence() {
	square, err := geo.NewPolygon([][]geo.LatLng{{{Lat: 25.78, Lng: -80.14}, {Lat: 25.78, Lng: -80.12}, {Lat: 25.80, Lng: -80.12}, {Lat: 25.80, Lng: -80.14}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	traveller := geo.LatLng{Lat: 25.7795, Lng: -80.13}
	fmt.Println(square.Contains(traveller))
	fmt.Printf("%.1f m\n", square.Distance(traveller))
	fmt.Printf("%.2f\n", square.InsideProbability(traveller, 100))
	fmt.Println(string(square.AppendGeoJSON(nil)))
	// Output:
	// false
	// 55.6 m
	// 0.20
	// {"type":"Polygon","coordinates":[[[-80.14,25.78],[-80.12,25.78],[-80.12,25.8],[-80.14,25.8],[-80.14,25.78]]]}
}

func ExamplePoints() {
	venues := new(geo.Points).Apply(nil, []geo.Point{
		{Handle: 1, At: geo.LatLng{Lat: 25.7907, Lng: -80.1300}},
		{Handle: 2, At: geo.LatLng{Lat: 25.7877, Lng: -80.1409}},
		{Handle: 3, At: geo.LatLng{Lat: 25.9565, Lng: -80.1430}},
	})
	traveller := geo.LatLng{Lat: 25.7900, Lng: -80.1350}
	for _, near := range venues.Within(nil, traveller, 1_000) {
		fmt.Printf("%d at %.0f m\n", near.Handle, near.Distance)
	}
	fmt.Println(venues.Nearest(nil, traveller, 1)[0].Handle)
	// Output:
	// 1 at 507 m
	// 2 at 644 m
	// 1
}

func ExampleCovering() {
	fence, err := geo.NewCircle(geo.LatLng{Lat: 25.79, Lng: -80.13}, 500)
	if err != nil {
		fmt.Println(err)
		return
	}
	covering := geo.Cover(fence)
	kept := covering.AppendBinary(nil)
	again, err := geo.ParseCovering(kept)
	if err != nil {
		fmt.Println(err)
		return
	}
	// An index takes a kept covering and does not compute it again.
	index := new(geo.Index).Apply(nil, []geo.Item{{Handle: 1, Fence: fence, Covering: again}})
	fmt.Println(index.Lookup(nil, geo.LatLng{Lat: 25.79, Lng: -80.13}))
	// Output:
	// [1]
}
