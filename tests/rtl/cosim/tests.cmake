# Whole programs. The models of the overlays are built by the tests that need them first.
add_executable(cosim_test ${CMAKE_CURRENT_LIST_DIR}/cosim_test.cpp)
target_include_directories(cosim_test PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(cosim_test PRIVATE heddle_runtime heddle_codegen heddle_reference GTest::gtest_main GTest::gmock)
target_compile_options(cosim_test PRIVATE -Wno-missing-field-initializers)
target_compile_definitions(cosim_test PRIVATE HEDDLE_TESTS_DIR="${CMAKE_SOURCE_DIR}/tests"
                                              HEDDLE_COSIM_FOLDER="${CMAKE_BINARY_DIR}/cosim")
gtest_discover_tests(cosim_test TEST_PREFIX cosim. DISCOVERY_TIMEOUT 60
                     PROPERTIES LABELS rtl ENVIRONMENT HEDDLE_COSIM_DIR=${CMAKE_BINARY_DIR}/cosim)
