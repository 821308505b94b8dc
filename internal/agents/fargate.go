package agents

import (
	"fmt"
	"slices"
)

// fargateSize is one row of AWS's table of task sizes: for a CPU value, the
// memory from low to high MiB in equal steps.
type fargateSize struct{ cpu, low, high, step int }

// fargateSizes is the table in the ECS developer guide, "Task CPU and memory".
// 256 units also take 512 MiB, which is no multiple of its step.
var fargateSizes = []fargateSize{
	{256, 1024, 2048, 1024},
	{512, 1024, 4096, 1024},
	{1024, 2048, 8192, 1024},
	{2048, 4096, 16384, 1024},
	{4096, 8192, 30720, 1024},
	{8192, 16384, 61440, 4096},
	{16384, 32768, 122880, 8192},
}

// FargateCPU lists the CPU values of Fargate tasks, in CPU units.
func FargateCPU() []int {
	out := make([]int, len(fargateSizes))
	for i, s := range fargateSizes {
		out[i] = s.cpu
	}
	return out
}

// FargateMemory lists the memory in MiB that goes with a CPU value; nil when
// Fargate has no such CPU value.
func FargateMemory(cpu int) []int {
	i := slices.IndexFunc(fargateSizes, func(s fargateSize) bool { return s.cpu == cpu })
	if i < 0 {
		return nil
	}
	s := fargateSizes[i]
	var out []int
	if cpu == 256 {
		out = append(out, 512)
	}
	for m := s.low; m <= s.high; m += s.step {
		out = append(out, m)
	}
	return out
}

// NextFargateMemory is the next larger memory in MiB that goes with a CPU value; 0
// when there is none.
func NextFargateMemory(cpu, memory int) int {
	for _, m := range FargateMemory(cpu) {
		if m > memory {
			return m
		}
	}
	return 0
}

// CheckFargateSize is nil for a size that Fargate has, CPU in units and memory in MiB; else it says what is allowed.
func CheckFargateSize(cpu, memory int) error {
	switch sizes := FargateMemory(cpu); {
	case sizes == nil:
		return fmt.Errorf("no Fargate task has %d CPU units: %s", cpu, either(FargateCPU()))
	case !slices.Contains(sizes, memory):
		return fmt.Errorf("%d MiB of memory is no size of Fargate's: %s", memory, memoryAllowed(cpu))
	}
	return nil
}

// memoryAllowed says in words what memory goes with a CPU value.
func memoryAllowed(cpu int) string {
	sizes := FargateMemory(cpu)
	if len(sizes) <= 4 {
		return fmt.Sprintf("with cpu %d: %s (MiB)", cpu, either(sizes))
	}
	return fmt.Sprintf("with cpu %d: %d to %d in steps of %d (MiB)", cpu, sizes[0], sizes[len(sizes)-1], sizes[1]-sizes[0])
}
