using System.Collections;
using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Configuration.Binding;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Configuration.Json;
using StreamEngine.Pipeline.Configuration.Substitution;

namespace StreamEngine.Pipeline.Tests.Configuration;

public sealed class PrinterTests
{
    [Fact]
    public void WhatIsPrintedBindsToTheSameOptions() => Generators.Options.Sample(
        options =>
        {
            var printed = ConfigPrinter.Print(options);
            var faults = new FaultList();
            var root = ConfigParser.Parse("printed", Encoding.UTF8.GetBytes(printed), faults)!;
            new Substituter(_ => "wrong", "/", faults).Apply(root, "");
            var bound = new Binder(FakeBlocks.Catalog, faults).BindRoot(new RecordShape(typeof(PipelineOptions)), root);
            Assert.Empty(faults.Sorted());
            AssertSame(options, bound, "");
            Assert.Equal(printed, ConfigPrinter.Print((PipelineOptions)bound!));
        },
        iter: 300);

    // Records compare lists and dictionaries by reference, so the values are compared one by one.
    private static void AssertSame(object? expected, object? actual, string path)
    {
        switch (expected)
        {
            case IDictionary map:
                var other = (IDictionary)actual!;
                Assert.Equal(map.Keys.Cast<string>(), other.Keys.Cast<string>());
                foreach (string key in map.Keys)
                {
                    AssertSame(map[key], other[key], $"{path}.{key}");
                }

                break;
            case IList list:
                Assert.Equal(list.Count, ((IList)actual!).Count);
                for (var i = 0; i < list.Count; i++)
                {
                    AssertSame(list[i], ((IList)actual)[i], $"{path}[{i}]");
                }

                break;
            case not null when expected.GetType().IsClass && expected is not string:
                Assert.Equal(expected.GetType(), actual?.GetType());
                foreach (var property in expected.GetType().GetProperties().Where(p => p.CanWrite && p.PropertyType != typeof(System.Text.Json.JsonElement)))
                {
                    AssertSame(property.GetValue(expected), property.GetValue(actual), $"{path}.{property.Name}");
                }

                break;
            default:
                Assert.True(Equals(expected, actual), $"{path}: {expected} became {actual}");
                break;
        }
    }
}
