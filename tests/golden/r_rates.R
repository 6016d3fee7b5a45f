# What R's poisson.test finds for rates and their ratios, read by test_golden_rates.py.
# Rscript tests/golden/r_rates.R ../shared/data/survival > tests/golden/r_rates.txt
cat("#", R.version.string, "\n")
folder <- commandArgs(trailingOnly = TRUE)[1]
colon_data <- read.csv(file.path(folder, "colon.csv"))
colon_data <- colon_data[colon_data$etype == 2 & !is.na(colon_data$nodes), ]
colon_data$arm <- as.integer(factor(colon_data$rx)) - 1
nwtco_data <- read.csv(file.path(folder, "nwtco.csv"))
nwtco_data$time <- ceiling(nwtco_data$edrel / 30.4)
cohorts <- list(
  colon = data.frame(time = colon_data$time, event = colon_data$status, group = colon_data$arm),
  nwtco = data.frame(time = nwtco_data$time, event = nwtco_data$rel, group = nwtco_data$stage))
line <- function(...) cat(paste(sapply(list(...), function(x) if (is.numeric(x)) sprintf("%.17g", x) else x), collapse = ","), "\n", sep = "")
for (name in names(cohorts)) {
  cohort <- cohorts[[name]]
  events <- tapply(cohort$event, cohort$group, sum)
  time <- tapply(cohort$time, cohort$group, sum) / 1000
  for (group in names(events)) {
    test <- poisson.test(events[[group]], time[[group]])
    line("rate", name, group, test$estimate[[1]], test$conf.int[1], test$conf.int[2])
    if (group != names(events)[1]) {
      test <- poisson.test(c(events[[group]], events[[1]]), c(time[[group]], time[[1]]))
      line("ratio", name, group, test$estimate[[1]], test$conf.int[1], test$conf.int[2], test$p.value)
    }
  }
}
