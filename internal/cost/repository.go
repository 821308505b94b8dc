package cost

// priceImages: $0.10 for each GB kept; pulls within the region are free.
func priceImages(b *bill) {
	b.add(charge{noun: "repository", item: "images kept", unit: "GB-month", quantity: used(b.cfg.Usage.ImagesGB), price: ImagesStored})
}
